"""The programs that activities name: their members may have changed.

Program members: one record for each lead in each program.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import AccessDeniedError, CatalogError
from tap_marketo_bulk.marketo.describe import describe_member_fields
from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.marketo.limits import MAX_PROGRAM_IDS
from tap_marketo_bulk.marketo.lists import list_program_ids
from tap_marketo_bulk.plan.ledger import UndatedReadMode
from tap_marketo_bulk.rows.csv_file import split_by_column
from tap_marketo_bulk.rows.field_types import DATE_TIME, INTEGER
from tap_marketo_bulk.rows.values import parse_attributes
from tap_marketo_bulk.settings.settings import ACTIVE_PROGRAMS
from tap_marketo_bulk.streams import activities
from tap_marketo_bulk.streams.base import StreamSpec
from tap_marketo_bulk.streams.bulk import BulkStream, ExportRequestBuilder, window_filter
from tap_marketo_bulk.streams.context import denied_streams, undescribed_stream
from tap_marketo_bulk.streams.object_schema import object_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_marketo_bulk.errors import UnsupportedFilterError
    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.describe import ActivityAttribute, ActivityType
    from tap_marketo_bulk.plan.ledger import ReadMode
    from tap_marketo_bulk.plan.windows import Window
    from tap_marketo_bulk.rows.csv_file import Block
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.bulk import ConsumerNeeds
    from tap_marketo_bulk.streams.context import CreationContext
    from tap_marketo_bulk.streams.state_store import StateStore

logger = logging.getLogger("tap-marketo-bulk")


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
        """Find nothing yet.

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


NAME = "program_members"


KEY = ("leadId", "programId")


REPLICATION_KEY = "updatedAt"


ALWAYS_THERE = {"leadId": INTEGER, "programId": INTEGER, REPLICATION_KEY: DATE_TIME}


def create_streams(context: CreationContext) -> Iterator[MarketoStream]:
    """Yield the stream of program members; with a catalog, if it is there.

    Raises:
        CatalogError: Programs are read only where activities name them, and no stream of
            activities is selected.
    """
    settings = context.settings
    try:
        schema = context.catalog_or_described_schema(NAME, lambda: members_schema(context.client))
    except AccessDeniedError as error:
        minimal = members_spec(object_schema((), ALWAYS_THERE), settings)
        yield undescribed_stream(context, minimal, error)
        return
    if schema is None:
        return
    spec = replace(members_spec(schema, settings), names=context.naming.names_in(schema))
    if spec.is_partial and context.selected_streams(NAME):
        try:
            _observe_activities(context)
        except AccessDeniedError as error:
            yield from denied_streams(context, NAME, error)
            return
    builder = MembersRequestBuilder(settings, context.client)
    yield BulkStream(context.tap, spec, context.run, builder)


def _observe_activities(context: CreationContext) -> None:
    if not context.selected_streams(activities.NAME):
        message = (
            f"program_members_of is {ACTIVE_PROGRAMS}, so {NAME} needs the programs that "
            "activities name, but no stream of activities is selected. Nothing was read; select "
            "activities, or set program_members_of to all."
        )
        raise CatalogError(message)
    finder = ActiveProgramFinder(context.activity_types, context.run.state_store, NAME)
    context.run.row_observers[activities.NAME].append(finder)


def members_spec(schema: dict[str, Any], settings: Settings) -> StreamSpec:
    """Return what the stream is, with a schema from discovery or from the catalog."""
    is_partial = settings.program_members_of == ACTIVE_PROGRAMS
    return StreamSpec(
        name=NAME,
        schema=schema,
        key=KEY,
        replication_keys=(REPLICATION_KEY,),
        # An activity that is stored late names a program whose member changed as early.
        lookback=settings.activity_lookback if is_partial else timedelta(),
        full_read=UndatedReadMode(),
        filter_ids=settings.program_ids,
        is_partial=is_partial,
        selected_by_default=False,
    )


def members_schema(client: Client) -> dict[str, Any]:
    """Return the JSON Schema of a program member."""
    return object_schema(describe_member_fields(client), ALWAYS_THERE)


class MembersRequestBuilder(ExportRequestBuilder):
    """How Marketo is asked for program members: by ten programs at a time, and by change."""

    object_path = "program/members"
    # With the filter programIds, Marketo adds this column. Whether it does so where the column was
    # requested is not established.
    repeatable_columns = frozenset({"programId"})

    def __init__(self, settings: Settings, client: Client) -> None:
        """Make no call yet: the programs are listed when the first request is made."""
        self._settings = settings
        self._client = client
        is_partial = settings.program_members_of == ACTIVE_PROGRAMS
        self.planned_after = activities.NAME if is_partial else None

    def requests(
        self, window: Window, consumers: Sequence[ConsumerNeeds], mode: ReadMode
    ) -> Sequence[ExportRequest]:
        """Return a request for each ten programs; raises as ``Client.get``."""
        # The column with the job's tag must not be the one that Marketo may add.
        columns = consumers[0].stream.exported_fields_in_order()
        fields = tuple(sorted(columns, key=lambda name: name in self.repeatable_columns))
        dates: dict[str, Any] = {}
        if not isinstance(mode, UndatedReadMode):
            dates = {REPLICATION_KEY: window_filter(window)}
        programs = self._needed_programs(consumers)
        return tuple(
            ExportRequest(
                self.object_path,
                fields,
                {"programIds": programs[first : first + MAX_PROGRAM_IDS], **dates},
                self._settings.file_format,
            )
            for first in range(0, len(programs), MAX_PROGRAM_IDS)
        )

    def date_column(self, mode: ReadMode) -> str | None:
        """Return the column of the filter, None for an export without dates."""
        return None if isinstance(mode, UndatedReadMode) else REPLICATION_KEY

    def fallback_mode(self, mode: ReadMode, error: UnsupportedFilterError) -> ReadMode | None:
        """Return a read of all members where the subscription lacks the ``updatedAt`` filter."""
        if isinstance(mode, UndatedReadMode):
            return None
        logger.warning(
            "Marketo has no updatedAt filter for program members of this subscription (%s), so "
            "each run exports all members of the programs, which costs quota for all of them. Ask "
            "Marketo Support to enable the updatedAt filter for bulk program member extract.",
            error.reason.rstrip("."),
        )
        return UndatedReadMode()

    def _needed_programs(self, consumers: Sequence[ConsumerNeeds]) -> list[int]:
        """Return the programs that any consumer needs, without those that do not exist any more.

        They are in an order in which new ones come last, so that the requests for the others stay
        the same: new programs have high ids, and new pending ones are added at the end.
        """
        is_partial = consumers[0].stream.is_partial
        if any(not each.filter_ids for each in consumers) and not is_partial:
            return self._existing_programs
        needed = dict.fromkeys(one for each in consumers for one in each.filter_ids)
        existing = set(self._existing_programs) if needed else set()
        return [each for each in needed if each in existing]

    @cached_property
    def _existing_programs(self) -> list[int]:
        if self._settings.program_ids:
            return list(self._settings.program_ids)
        return list_program_ids(self._client)
