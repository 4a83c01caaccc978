"""Program members: one record for each lead in each program."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import AccessDeniedError, CatalogError
from tap_marketo_bulk.extract.field_types import DATE_TIME, INTEGER
from tap_marketo_bulk.extract.read_modes import UndatedReadMode
from tap_marketo_bulk.marketo.assets import list_program_ids
from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.marketo.limits import MAX_PROGRAM_IDS
from tap_marketo_bulk.marketo.program_members import describe_member_fields
from tap_marketo_bulk.settings.settings import ACTIVE_PROGRAMS
from tap_marketo_bulk.streams import activities
from tap_marketo_bulk.streams.active_programs import ActiveProgramFinder
from tap_marketo_bulk.streams.base import StreamSpec
from tap_marketo_bulk.streams.bulk import BulkStream
from tap_marketo_bulk.streams.denied import denied_streams, undescribed_stream
from tap_marketo_bulk.streams.export_group import ExportRequestBuilder, window_filter
from tap_marketo_bulk.streams.object_schema import object_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_marketo_bulk.errors import UnsupportedFilterError
    from tap_marketo_bulk.extract.read_modes import ReadMode
    from tap_marketo_bulk.extract.windows import Window
    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.creation_context import CreationContext
    from tap_marketo_bulk.streams.export_group import ConsumerNeeds

logger = logging.getLogger("tap-marketo-bulk")

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
