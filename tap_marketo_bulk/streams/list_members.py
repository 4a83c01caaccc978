"""The members of static lists: one record for each lead in each list of a setting."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.plan.ledger import UndatedReadMode
from tap_marketo_bulk.rows.field_types import ATTRIBUTES, INTEGER
from tap_marketo_bulk.rows.values import INVALID_VALUES
from tap_marketo_bulk.streams.base import StreamSpec
from tap_marketo_bulk.streams.bulk import BulkStream, ExportRequestBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_marketo_bulk.plan.ledger import ReadMode
    from tap_marketo_bulk.plan.windows import Window
    from tap_marketo_bulk.rows.records import RecordFormat
    from tap_marketo_bulk.rows.values import InvalidValueHandler
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import Converter
    from tap_marketo_bulk.streams.bulk import ConsumerNeeds
    from tap_marketo_bulk.streams.context import CreationContext

logger = logging.getLogger("tap-marketo-bulk")

NAME = "list_members"
KEY = ("listId", "leadId")
# The only field that is exported, and the column that it becomes.
_LEAD_FIELD = "id"
_COLUMNS = {_LEAD_FIELD: "leadId"}


def create_streams(context: CreationContext) -> Iterator[BulkStream]:
    """Yield the stream of list members.

    Raises:
        CatalogError: The catalog selects a column that does not exist.
    """
    settings = context.settings
    spec = context.fixed_spec(list_members_spec())
    if context.selected_streams(NAME) and not settings.list_ids:
        # No error: some pipelines select all streams.
        logger.warning("%s has no records: the setting list_ids names no static list.", NAME)
    builder = ListMembersRequestBuilder(settings)
    yield ListMembersStream(context.tap, spec, context.run, builder)


def list_members_spec() -> StreamSpec:
    """Return what the stream is; every subscription has the same columns."""
    types = dict.fromkeys(KEY, INTEGER) | {INVALID_VALUES: ATTRIBUTES}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: dict(each.schema) for name, each in types.items()},
    }
    return StreamSpec(
        name=NAME,
        schema=schema,
        key=KEY,
        # A list has members, and no changes that could be filtered by.
        replication_keys=(),
        full_read=UndatedReadMode(),
        is_always_full=True,
        selected_by_default=False,
    )


class ListMembersStream(BulkStream):
    """The members of static lists, which are exports of leads with their id alone."""

    def row_converter(
        self,
        file_fields: Sequence[str],
        invalid_values: InvalidValueHandler,
        record_format: RecordFormat,
    ) -> Converter:
        """Return what makes records of the rows of one list."""
        columns = [_COLUMNS.get(name, name) for name in file_fields]
        return super().row_converter(columns, invalid_values, record_format)


class ListMembersRequestBuilder(ExportRequestBuilder):
    """How Marketo is asked for list members: an export of leads for each list."""

    object_path = "leads"

    def __init__(self, settings: Settings) -> None:
        """Take the settings."""
        self._settings = settings

    def requests(
        self, window: Window, consumers: Sequence[ConsumerNeeds], mode: ReadMode
    ) -> Sequence[ExportRequest]:
        """Return a request for each list."""
        del window, consumers, mode
        return tuple(
            ExportRequest(
                self.object_path,
                tuple(_COLUMNS),
                {"staticListId": list_id},
                self._settings.file_format,
            )
            for list_id in self._settings.list_ids
        )

    def constant_cells(self, request: ExportRequest) -> Mapping[str, str]:
        """Return the list, which its file does not name."""
        return {"listId": str(request.filter["staticListId"])}

    def date_column(self, mode: ReadMode) -> str | None:
        """Return None: exports of lists have no dates."""
        del mode
        return None
