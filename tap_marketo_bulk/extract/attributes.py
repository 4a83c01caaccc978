"""An activity's attributes as typed columns: their names, and which key fills which.

Marketo names attributes for people, and not always in the same letter case. Columns are in
snake_case; a key that belongs to no column is kept apart, so that nothing is dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.extract.fields import type_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tap_marketo_bulk.extract.fields import FieldType
    from tap_marketo_bulk.marketo.activity_types import ActivityType

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"[\W_]+")
# The distance of a key that is not the attribute's.
_ANOTHER = 3


def snake_case(name: str) -> str:
    """Return a display name as a column or stream name: ``Webform ID`` is ``webform_id``."""
    return _NO_WORD.sub("_", _HUMP.sub("_", name)).strip("_").lower() or "_"


@dataclass(frozen=True)
class AttributeColumn:
    """A typed column and the attribute that fills it."""

    column: str
    attribute: str
    field_type: FieldType

    def distance(self, key: str) -> int:
        """Tell how much must be ignored for a key to be the attribute's.

        Nothing is 0; letter case is 1; spaces and underscores too are 2.
        """
        if key == self.attribute:
            return 0
        if key.casefold() == self.attribute.casefold():
            return 1
        return 2 if _bare(key) == _bare(self.attribute) else _ANOTHER


def _bare(name: str) -> str:
    return name.casefold().replace(" ", "").replace("_", "")


def attribute_columns(kind: ActivityType, taken: Collection[str]) -> list[AttributeColumn]:
    """Return the columns of a type, its primary attribute's first.

    Names that are ``taken``, or that two attributes share, get ``_2``, ``_3`` in Marketo's
    order, so they stay as they are as long as Marketo appends what is new.
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
    """Finds the columns of an activity's attributes; what each key means is worked out once."""

    def __init__(
        self, columns: Iterable[AttributeColumn], offered: Collection[str], wanted: Collection[str]
    ) -> None:
        """Take all columns of a type, the names of those the table has, and of those to fill."""
        self._columns = {column.column: column for column in columns}
        self._offered = frozenset(offered)
        self._wanted = frozenset(wanted)
        self._meaning: dict[str, str | None] = {}

    def read(self, attributes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return values by column, not yet typed, and by key what has no column.

        Of two keys for one column, the nearer fills it.
        """
        keys: dict[str, str] = {}
        other: dict[str, Any] = {}
        for key, value in attributes.items():
            try:
                name = self._meaning[key]
            except KeyError:
                name = self._meaning[key] = self._column_of(key)
            if name is None:
                other[key] = value
            elif name in keys:
                distance = self._columns[name].distance
                keys[name], farther = sorted((keys[name], key), key=distance)
                other[farther] = attributes[farther]
            else:
                keys[name] = key
        wanted = self._wanted
        return {name: attributes[key] for name, key in keys.items() if name in wanted}, other

    def _column_of(self, key: str) -> str | None:
        nearest = min(self._columns.values(), key=lambda each: each.distance(key), default=None)
        if nearest is None or nearest.distance(key) == _ANOTHER:
            return None
        # The key of a column that the table lacks must not fill another.
        return nearest.column if nearest.column in self._offered else None
