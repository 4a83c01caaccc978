"""The fields of a subscription's leads.

Source: Adobe, "Describe Lead".
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.marketo.envelope import parsing_response
from tap_marketo_bulk.marketo.paging import entries_of
from tap_marketo_bulk.marketo.server_text import without_control_characters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.paging import Entry

logger = logging.getLogger("tap-marketo-bulk.marketo")

LEADS_PATH = "/rest/v1/leads/describe.json"
# Marketo computes formulas when it shows them; bulk exports do not have them.
NOT_EXPORTED = frozenset({"formula"})


@dataclass(frozen=True)
class LeadField:
    """A lead field that a bulk export can contain.

    Attributes:
        name: The REST name, which exports use.
        display_name: The name that Marketo's user interface shows.
        data_type: Marketo's data type in lower case, ``string`` or ``datetime`` for example.
    """

    name: str
    display_name: str
    data_type: str


def describe_lead_fields(client: Client) -> list[LeadField]:
    """Return the lead fields an export can contain, in Marketo's order, each name once.

    Fields without a REST name are not available to the API, and formula fields are not
    exported. A field whose REST name has control characters is left out with a warning: without
    them it would be another field's name, and with them it could forge output of this tap and of
    its targets. Raises as ``Client.get``.
    """
    entries = client.get(LEADS_PATH).get("result") or []
    with parsing_response(f"GET {LEADS_PATH}"):
        described = [_lead_field(entry) for entry in entries if _has_usable_name(entry)]
    fields: dict[str, LeadField] = {}
    for field in described:
        if field.name and field.data_type not in NOT_EXPORTED:
            fields.setdefault(field.name, field)
    return list(fields.values())


def flat_lead_field_entries(client: Client) -> list[Entry]:
    """Return every entry of Describe Lead, those without a REST name too.

    ``rest`` and ``soap`` are replaced by their members, ``restName`` and ``restReadOnly`` for
    example. Raises as ``Client.get``.
    """
    entries = entries_of(f"GET {LEADS_PATH}", client.get(LEADS_PATH))
    with parsing_response(f"GET {LEADS_PATH}"):
        return [_flat_entry(entry) for entry in entries]


def _flat_entry(entry: Entry) -> Entry:
    flat = dict(entry)
    for api in ("rest", "soap"):
        members = flat.pop(api, None) or {}
        flat |= {f"{api}{name[:1].upper()}{name[1:]}": value for name, value in members.items()}
    return flat


def _has_usable_name(entry: Mapping[str, Any]) -> bool:
    name = str((entry.get("rest") or {}).get("name") or "")
    cleaned = without_control_characters(name)
    if cleaned != name:
        logger.warning(
            "The lead field %s is left out, since its REST name has control characters.", cleaned
        )
    return cleaned == name


def _lead_field(entry: Mapping[str, Any]) -> LeadField:
    name = str((entry.get("rest") or {}).get("name") or "")
    # "Integer" was seen beside "integer".
    data_type = without_control_characters(entry.get("dataType", "string")).casefold()
    return LeadField(name, without_control_characters(entry.get("displayName") or name), data_type)
