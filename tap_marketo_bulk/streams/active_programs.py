"""The programs that activities name: their members may have changed."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tap_marketo_bulk.rows.csv_file import split_by_column
from tap_marketo_bulk.rows.values import parse_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_marketo_bulk.marketo.describe import ActivityAttribute, ActivityType
    from tap_marketo_bulk.rows.csv_file import Block
    from tap_marketo_bulk.streams.state_store import StateStore

_TYPE, _PRIMARY_ID, _ATTRIBUTES = "activityTypeId", "primaryAttributeValueId", "attributes"
# "Program ID" is the primary attribute of Change Status in Progression; other types, and custom
# ones, have the program as another attribute.
_PROGRAM_ATTRIBUTES = frozenset({"program", "program id"})


class ActiveProgramFinder:
    """Adds the programs that activities name to the pending ids of a stream's state.

    They stay there until the stream was read, however the run ends.

    Attributes:
        fields: The fields of an activities file that it needs.
    """

    fields = frozenset({_TYPE, _PRIMARY_ID, _ATTRIBUTES})

    def __init__(
        self, activity_types: Iterable[ActivityType], state_store: StateStore, stream: str
    ) -> None:
        """Take what the programs are found with.

        Args:
            activity_types: The types of the subscription.
            state_store: Holds the state of the stream.
            stream: The stream whose records belong to programs.
        """
        self._state_store = state_store
        self._stream = stream
        self._by_primary_attribute: set[str] = set()
        self._by_attribute: defaultdict[str, set[str]] = defaultdict(set)
        for each in activity_types:
            if each.primary_attribute and _is_program(each.primary_attribute):
                self._by_primary_attribute.add(str(each.type_id))
            for attribute in filter(_is_program, each.attributes):
                self._by_attribute[str(each.type_id)].add(attribute.name.casefold())

    def observe(self, fields: Sequence[str], block: Block) -> None:
        """Add the programs that the activities of a block name."""
        found = set(self._programs(fields, block))
        state = self._state_store[self._stream]
        if not found <= set(state.pending_ids):
            # At the end, so that the requests for the others stay the same.
            pending_ids = (*state.pending_ids, *sorted(found.difference(state.pending_ids)))
            self._state_store[self._stream] = replace(state, pending_ids=pending_ids)

    def _programs(self, fields: Sequence[str], block: Block) -> Iterator[int]:
        for type_id, rows in split_by_column(block, fields.index(_TYPE)).items():
            texts: list[object] = []
            if type_id in self._by_primary_attribute:
                column = fields.index(_PRIMARY_ID)
                texts += [row[column] for row in rows.rows]
            if names := self._by_attribute.get(type_id):
                column = fields.index(_ATTRIBUTES)
                texts += [
                    value
                    for row in rows.rows
                    for name, value in _attributes(row[column]).items()
                    if name.casefold() in names
                ]
            for text in texts:
                # A program can also be named by its name.
                with suppress(ValueError):
                    yield int(str(text))


def _is_program(attribute: ActivityAttribute) -> bool:
    return attribute.name.casefold() in _PROGRAM_ATTRIBUTES


def _attributes(cell: str) -> dict[str, object]:
    """Return the attributes in a cell; none where it is not a JSON object, ``null`` for example."""
    try:
        return parse_attributes(cell)
    except ValueError:
        return {}
