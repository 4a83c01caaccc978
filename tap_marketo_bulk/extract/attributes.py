"""An activity's attributes as typed columns: names, and the way from JSON to values.

Marketo names attributes for people, and not always in the same letter case. Columns are in
snake_case; a key that belongs to no column is kept apart, so that nothing is dropped.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.extract.fields import INTEGER, TEXT, type_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tap_marketo_bulk.extract.fields import FieldType
    from tap_marketo_bulk.marketo.activity_types import ActivityType

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"[\W_]+")


def snake_case(name: str) -> str:
    """Return a display name as a column or stream name: ``Webform ID`` is ``webform_id``."""
    return _NO_WORD.sub("_", _HUMP.sub("_", name)).strip("_").lower() or "_"


@dataclass(frozen=True)
class AttributeColumn:
    """A typed column and the attribute that fills it."""

    column: str
    attribute: str
    field_type: FieldType


def attribute_columns(kind: ActivityType, taken: Collection[str]) -> list[AttributeColumn]:
    """Return the columns of a type, its primary attribute's first.

    Names that are ``taken``, or that two attributes share, get ``_2``, ``_3`` in Marketo's
    order, to which it only ever appends.
    """
    used = {name.casefold() for name in taken}
    columns = []
    for attribute in ((kind.primary,) if kind.primary else ()) + kind.attributes:
        column = _free_name(snake_case(attribute.name), used)
        used.add(column.casefold())
        columns.append(AttributeColumn(column, attribute.name, type_of(attribute.data_type)))
    return columns


def _free_name(name: str, used: Collection[str]) -> str:
    candidate, number = name, 1
    while candidate.casefold() in used:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


class AttributeReader:
    """Fills the columns of one activity type.

    Keys are matched exactly, else ignoring letter case, else ignoring spaces and underscores
    too; what each key means is worked out once.
    """

    def __init__(self, columns: Iterable[AttributeColumn], wanted: Collection[str]) -> None:
        """Take all columns of a type, and the names of those to fill."""
        self._columns = list(columns)
        self._wanted = frozenset(wanted)
        self._meaning: dict[str, AttributeColumn | None] = {}

    def read(self, attributes: object) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return values by column, not yet typed, and by key what has no column."""
        values: dict[str, Any] = {}
        other: dict[str, Any] = {}
        if not isinstance(attributes, dict):
            return values, other
        for key, value in attributes.items():
            try:
                column = self._meaning[key]
            except KeyError:
                column = self._meaning[key] = self._column_of(key)
            if column is None or column.column in values:
                other[key] = value
            elif column.column in self._wanted:
                values[column.column] = value
        return values, other

    def _column_of(self, key: str) -> AttributeColumn | None:
        for form in (str, str.casefold, _loose):
            for column in self._columns:
                if form(column.attribute) == form(key):
                    return column
        return None


def _loose(name: str) -> str:
    return name.casefold().replace(" ", "").replace("_", "")


def typed(value: object, field_type: FieldType) -> object:
    """Return a JSON value as its column's type has it; raises ``ValueError`` where it does not fit.

    Marketo writes numbers and booleans as such or as text.
    """
    if value is None or (field_type is TEXT and isinstance(value, str)):
        return value
    if field_type is INTEGER and type(value) is int:
        return value
    if isinstance(value, str):
        return field_type.parse(value) if value else None
    text = json.dumps(value, ensure_ascii=False)
    return text if field_type is TEXT else field_type.parse(text)
