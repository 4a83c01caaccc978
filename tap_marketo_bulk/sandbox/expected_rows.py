"""The rows that a client of the sandbox must have read: the reference of all tests."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.data.asset_entries import Entry, version_entries
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.data.fields import EXPORTED_OBJECTS
from tap_marketo_bulk.sandbox.exports.jobs import Job
from tap_marketo_bulk.sandbox.exports.objects import ExpectedRow, export_objects
from tap_marketo_bulk.sandbox.http.access import CallCounter
from tap_marketo_bulk.sandbox.http.rest_api import READS, RestContext

_READS = {read.stream: read for read in READS if read.stream}
_EXPORTS = {"leads": "leads", "activities": "activities", "program_members": "program/members"} | {
    name: name for name in (f"customobjects/{api_name}" for api_name in EXPORTED_OBJECTS)
}
STREAMS = (*_EXPORTS, "deleted_leads", *_READS)
"""The names that ``ExpectedRows.rows`` accepts."""

_Key = TypeVar("_Key")
_Filter = Mapping[str, object] | None


class _Method(Generic[_Key]):
    """The method of ``ExpectedRows`` that returns the rows of the stream with its name."""

    def __set_name__(self, _owner: type, name: str) -> None:
        """Set the name of the stream."""
        self._stream = name

    def __get__(self, expected: "ExpectedRows", _owner: type) -> Callable[..., dict[_Key, Entry]]:
        """The method, bound to the stream."""
        return partial(expected.rows, self._stream)


class ExpectedRows:
    """The expected rows of each stream, with all columns, at any instant, by key.

    Each method has the parameters of :meth:`rows` except the stream. Values are JSON values: dates
    and date-times are texts, such as ``2026-03-01T12:00:00Z``. Texts have no NUL characters,
    because clients remove them.
    """

    leads = _Method[int]()
    activities = _Method[str]()
    program_members = _Method[tuple[int, int]]()
    """By lead id and program id."""
    deleted_leads = _Method[str]()
    """The deletions of leads, as activities."""
    lead_describe, activity_types = _Method[int](), _Method[int]()
    programs, campaigns, emails = _Method[int](), _Method[int](), _Method[int]()
    lists, smart_lists = _Method[int](), _Method[int]()
    email_templates, landing_pages, forms = _Method[int](), _Method[int](), _Method[int]()
    segmentations, segments, channels = _Method[int](), _Method[int](), _Method[int]()
    tags = _Method[str]()
    """By ``tagType``."""
    folders = _Method[tuple[int, str]]()
    """By id and type."""
    lead_database_lists, lead_database_campaigns = _Method[int](), _Method[int]()

    def __init__(self, data_set: DataSet, clock: SandboxClock, counter: CallCounter) -> None:
        self._data_set = data_set
        self._clock = clock
        self._counter = counter
        self._exports = export_objects(data_set)

    def rows(
        self, stream: str, request_filter: _Filter = None, *, at: datetime | None = None
    ) -> dict[Any, Entry]:
        """The rows of a stream of ``STREAMS`` by key.

        ``request_filter`` is the member ``filter`` of a create body; without it all rows are
        returned. ``at`` is an aware instant; the default is now.
        """
        instant = int((at or self._clock.now()).timestamp())
        if stream in _EXPORTS:
            return self._exports[_EXPORTS[stream]].expected_rows(request_filter, instant)
        if stream == "deleted_leads":
            deletions = self._data_set.lead_deletions(0, instant)
            return self._exports["activities"].rows_of(deletions)
        read = _READS[stream]
        entries = read.entries(RestContext(self._data_set, self._counter, instant))
        if read.can_list_drafts:
            # The approved version of an asset whose draft is another entry.
            entries = [version_entries(entry, self._data_set)[0] for entry in entries]
        return {read.key_of(entry): entry for entry in entries}

    def exported_rows(self, stream: str, jobs: Iterable[Job]) -> dict[Any, Entry]:
        """The rows of the files of these jobs for a stream, as a client that upserts has them.

        A file has the rows as they were when the processing of its job started.
        """
        rows: dict[Any, Entry] = {}
        for job in jobs:
            if job.object != _EXPORTS.get(stream) or job.file_size is None:
                continue
            at = int((job.started_at or job.created_at).timestamp())
            columns = self._exports[job.object].parse_create_body(job.request, at).columns
            exported = self._exports[job.object].expected_rows(job.request["filter"], at)
            for key, row in exported.items():
                rows[key] = {name: row[name] for name in columns if name in row}
        return rows

    def custom_objects(
        self, api_name: str, request_filter: _Filter = None, *, at: datetime | None = None
    ) -> dict[str, ExpectedRow]:
        """The records of a custom object by ``marketoGUID``; see :meth:`rows`."""
        return self.rows(f"customobjects/{api_name}", request_filter, at=at)

    def usage(self) -> dict[str, Entry]:
        """The calls of the last 7 days up to now, by date."""
        return {str(entry["date"]): entry for entry in self._counter.usage()}

    def api_errors_by_date(self) -> dict[str, Entry]:
        """The API errors of the last 7 days up to now, by date."""
        return {str(entry["date"]): entry for entry in self._counter.errors()}

    def lead_columns(self) -> dict[str, str]:
        """The Marketo data type of each column that a lead export can contain now."""
        return self._column_types("leads")

    def custom_object_columns(self, api_name: str) -> dict[str, str]:
        """The Marketo data type of each field of a custom object."""
        return self._column_types(f"customobjects/{api_name}")

    def member_column_types(self) -> dict[str, str]:
        """The Marketo data type of each field of a program member."""
        return self._column_types("program/members")

    def _column_types(self, export_object: str) -> dict[str, str]:
        fields = self._exports[export_object].expected()
        return {name: field.data_type for name, field in fields.items()}
