"""The fields of program members and of custom objects, as the calls that describe them have them.

Sources: Adobe, "Program Members" and "Custom Objects". Unlike lead fields they have one name.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.marketo.server_text import without_control_characters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

logger = logging.getLogger("tap-marketo-bulk.marketo")


@dataclass(frozen=True)
class ObjectField:
    """A field of an object that a bulk export can contain.

    Attributes:
        name: The name that exports use.
        display_name: The name that Marketo's user interface shows.
        data_type: Marketo's data type in lower case, ``string`` or ``datetime`` for example.
        is_crm_managed: Whether the field comes from a CRM.
    """

    name: str
    display_name: str
    data_type: str
    is_crm_managed: bool = False


def parse_object_fields(entries: Iterable[Mapping[str, Any]]) -> list[ObjectField]:
    """Return the fields in Marketo's order, each name once.

    A field whose name has control characters is left out with a warning, as it is for leads.
    Raises what ``parsing_response`` turns into ``InvalidResponseError``.
    """
    fields: dict[str, ObjectField] = {}
    for entry in entries:
        name = str(entry["name"])
        if without_control_characters(name) != name:
            logger.warning(
                "The field %s is left out, since its name has control characters.",
                without_control_characters(name),
            )
            continue
        field = ObjectField(
            name=name,
            display_name=without_control_characters(entry.get("displayName") or name),
            data_type=without_control_characters(entry.get("dataType", "string")).casefold(),
            is_crm_managed=bool(entry.get("crmManaged")),
        )
        fields.setdefault(name, field)
    return list(fields.values())
