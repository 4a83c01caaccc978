"""JSON Schemas of records whose fields Marketo describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tap_marketo_bulk.rows.field_types import ATTRIBUTES, type_of
from tap_marketo_bulk.rows.values import INVALID_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_marketo_bulk.rows.field_types import FieldType


class DescribedField(Protocol):
    """A field as Marketo describes it."""

    @property
    def name(self) -> str:
        """The name that exports use."""
        ...

    @property
    def display_name(self) -> str:
        """The name that Marketo's user interface shows."""
        ...

    @property
    def data_type(self) -> str:
        """Marketo's data type."""
        ...


def object_schema(
    fields: Iterable[DescribedField], undescribed: Mapping[str, FieldType]
) -> dict[str, Any]:
    """Return the JSON Schema of a record with these fields.

    Args:
        fields: The fields that Marketo describes.
        undescribed: The types of fields that are added where Marketo does not describe them.
    """
    added = {name: dict(each.schema) for name, each in undescribed.items()}
    described = {
        field.name: {**type_of(field.data_type).schema, "title": field.display_name}
        for field in fields
    }
    columns = added | described | {INVALID_VALUES: dict(ATTRIBUTES.schema)}
    return {"type": "object", "properties": columns}
