"""An activity's attributes as typed columns: their names, and which key fills which.

Marketo names attributes for people, and not always in the same letter case. Columns are in
snake_case; a key that belongs to no column is kept apart, so that nothing is dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
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
# Sets of keys whose meaning is remembered. Attributes without a value are left out, so that there
# are many, but few that come often.
_PLANS_KEPT = 1000


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
    primary = (kind.primary_attribute,) if kind.primary_attribute else ()
    for attribute in primary + kind.attributes:
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
    """Finds the columns of an activity's attributes.

    Activities of a type have much the same keys, so what a set of keys means is worked out once.
    """

    def __init__(
        self, columns: Iterable[AttributeColumn], offered: Collection[str], wanted: Collection[str]
    ) -> None:
        """Take all columns of a type, the names of those the table has, and of those to fill."""
        self._columns = list(columns)
        self._offered = frozenset(offered)
        self._wanted = frozenset(wanted)
        self._plan = lru_cache(maxsize=_PLANS_KEPT)(self._make_plan)

    def read(self, attributes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return values by column, not yet typed, and by key what has no column.

        Of two keys for one column, the nearer fills it.
        """
        columns, other = self._plan(tuple(attributes))
        values = {name: attributes[key] for name, key in columns}
        return values, {key: attributes[key] for key in other} if other else {}

    def _make_plan(self, keys: tuple[str, ...]) -> tuple[list[tuple[str, str]], list[str]]:
        """Return columns with their keys, and keys that have none."""
        nearest: dict[str, str] = {}
        other = []
        for key in keys:
            column = self._column_of(key)
            if column is None:
                other.append(key)
            elif column.column in nearest:
                pair = (nearest[column.column], key)
                nearest[column.column], farther = sorted(pair, key=column.distance)
                other.append(farther)
            else:
                nearest[column.column] = key
        return [pair for pair in nearest.items() if pair[0] in self._wanted], other

    def _column_of(self, key: str) -> AttributeColumn | None:
        nearest = min(self._columns, key=lambda each: each.distance(key), default=None)
        if nearest is None or nearest.distance(key) == _ANOTHER:
            return None
        # The key of a column that the table lacks must not fill another.
        return nearest if nearest.column in self._offered else None
