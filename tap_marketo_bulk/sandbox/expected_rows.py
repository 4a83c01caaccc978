"""The rows that a client of the sandbox must have read: the reference of all tests."""

from collections.abc import Mapping
from datetime import datetime

from tap_marketo_bulk.sandbox.clock import SandboxClock, format_epoch_seconds
from tap_marketo_bulk.sandbox.data import asset_reads as reads
from tap_marketo_bulk.sandbox.data.asset_entries import (
    Entry,
    lead_database_campaigns,
    lead_database_lists,
)
from tap_marketo_bulk.sandbox.data.asset_reads import AssetRead
from tap_marketo_bulk.sandbox.data.assets import SEGMENTATION
from tap_marketo_bulk.sandbox.data.custom_objects import CUSTOM_OBJECTS
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.data.fields import MEMBER_FIELDS
from tap_marketo_bulk.sandbox.data.folders import FolderKey, FolderTree
from tap_marketo_bulk.sandbox.exports.definition import (
    ExpectedRow,
    ExportDefinition,
    Key,
    RowFilter,
)
from tap_marketo_bulk.sandbox.exports.objects import (
    ActivityExport,
    CustomObjectExport,
    LeadExport,
    MemberExport,
    expected_activity,
)
from tap_marketo_bulk.sandbox.http.access import CallStatistics

# Deeper than any folder.
_MAX_DEPTH = 1000


class ExpectedAssets:
    """The expected entries of each reference read, by id unless said otherwise.

    Entries have the members and the JSON values of the API, except that date-times are texts such
    as ``2026-03-01T12:00:00Z``. ``at`` is an aware instant; the default is now.
    """

    def __init__(self, data_set: DataSet, clock: SandboxClock, statistics: CallStatistics) -> None:
        self._data_set = data_set
        self._clock = clock
        self._statistics = statistics

    def lead_describe(self) -> dict[int, Entry]:
        """The entries of Describe Lead."""
        return {field.id: field.describe_entry() for field in self._data_set.fields}

    def activity_types(self) -> dict[int, Entry]:
        """The entries of Get Activity Types."""
        return {one.id: one.describe_entry() for one in self._data_set.activity_types}

    def programs(self, at: datetime | None = None) -> dict[int, Entry]:
        """The programs."""
        return self._assets(reads.PROGRAMS, at)

    def campaigns(self, at: datetime | None = None) -> dict[int, Entry]:
        """The smart campaigns."""
        return self._assets(reads.CAMPAIGNS, at)

    def lists(self, at: datetime | None = None) -> dict[int, Entry]:
        """The static lists of the Asset API."""
        return self._assets(reads.STATIC_LISTS, at)

    def smart_lists(self, at: datetime | None = None) -> dict[int, Entry]:
        """The smart lists."""
        return self._assets(reads.SMART_LISTS, at)

    def emails(self, at: datetime | None = None) -> dict[int, Entry]:
        """The emails."""
        return self._assets(reads.EMAILS, at)

    def email_templates(self, at: datetime | None = None) -> dict[int, Entry]:
        """The email templates, in their approved versions if there are several."""
        return self._assets(reads.EMAIL_TEMPLATES, at)

    def landing_pages(self, at: datetime | None = None) -> dict[int, Entry]:
        """The landing pages, in their approved versions if there are several."""
        return self._assets(reads.LANDING_PAGES, at)

    def forms(self, at: datetime | None = None) -> dict[int, Entry]:
        """The forms."""
        return self._assets(reads.FORMS, at)

    def segmentations(self, at: datetime | None = None) -> dict[int, Entry]:
        """The segmentations."""
        return self._assets(reads.SEGMENTATIONS, at)

    def segments(self, at: datetime | None = None) -> dict[int, Entry]:
        """The segments of all segmentations."""
        instant = self._epoch_seconds(at)
        ids = (one.asset.id for one in self._data_set.assets(SEGMENTATION, instant))
        return {
            int(str(entry["id"])): entry
            for segmentation_id in ids
            for entry in reads.segments_of(
                self._data_set, segmentation_id, instant, format_epoch_seconds
            )
        }

    def channels(self) -> dict[int, Entry]:
        """The channels."""
        entries = reads.channel_entries(self._data_set, format_epoch_seconds)
        return {int(str(entry["id"])): entry for entry in entries}

    def tags(self) -> dict[str, Entry]:
        """The tags by ``tagType``."""
        return {str(entry["tagType"]): entry for entry in reads.tag_entries(self._data_set)}

    def folders(self, at: datetime | None = None) -> dict[FolderKey, Entry]:
        """The folders and programs of the whole tree, by id and type."""
        tree = FolderTree(self._data_set, self._epoch_seconds(at))
        keys = tree.keys_below(None, _MAX_DEPTH)
        return {key: tree.entry(key, format_epoch_seconds) for key in keys}

    def lead_database_lists(self, at: datetime | None = None) -> dict[int, Entry]:
        """The static lists of the Lead Database API, ``/rest/v1/lists.json``."""
        return lead_database_lists(self._data_set, self._epoch_seconds(at))

    def lead_database_campaigns(self, at: datetime | None = None) -> dict[int, Entry]:
        """The campaigns of the Lead Database API, ``/rest/v1/campaigns.json``."""
        return lead_database_campaigns(self._data_set, self._epoch_seconds(at))

    def usage(self) -> dict[str, Entry]:
        """The calls of the last 7 days up to now, by date."""
        return {str(entry["date"]): entry for entry in self._statistics.usage()}

    def api_errors_by_date(self) -> dict[str, Entry]:
        """The API errors of the last 7 days up to now, by date."""
        return {str(entry["date"]): entry for entry in self._statistics.errors()}

    def _assets(self, read: AssetRead, at: datetime | None) -> dict[int, Entry]:
        return read.expected(self._data_set, self._epoch_seconds(at), format_epoch_seconds)

    def _epoch_seconds(self, at: datetime | None) -> int:
        return int((at or self._clock.now()).timestamp())


class ExpectedRows(ExpectedAssets):
    """The expected rows of each stream, with all columns, at any instant.

    Values are JSON values: dates and date-times are texts, such as ``2026-03-01T12:00:00Z``. Texts
    have no NUL characters, because clients remove them.
    ``request_filter`` is the member ``filter`` of a create body; without it all rows are returned.
    ``at`` is an aware instant; the default is now.
    """

    def __init__(self, data_set: DataSet, clock: SandboxClock, statistics: CallStatistics) -> None:
        super().__init__(data_set, clock, statistics)
        self._lead_export = LeadExport(data_set)
        self._activity_export = ActivityExport(data_set)
        self._member_export = MemberExport(data_set)
        self._custom_object_exports = {
            one.api_name: CustomObjectExport(data_set, one)
            for one in CUSTOM_OBJECTS
            if not one.export_error
        }

    def leads(
        self, request_filter: Mapping[str, object] | None = None, *, at: datetime | None = None
    ) -> dict[int, ExpectedRow]:
        """The leads that a filter selects, by id.

        Raises:
            SandboxApiError: The filter is invalid.
        """
        return self._rows(self._lead_export, request_filter, at)

    def activities(
        self, request_filter: Mapping[str, object] | None = None, *, at: datetime | None = None
    ) -> dict[str, ExpectedRow]:
        """The activities that a filter selects, by ``marketoGUID``.

        Raises:
            SandboxApiError: The filter is invalid.
        """
        return self._rows(self._activity_export, request_filter, at)

    def custom_objects(
        self,
        api_name: str,
        request_filter: Mapping[str, object] | None = None,
        *,
        at: datetime | None = None,
    ) -> dict[str, ExpectedRow]:
        """The records of a custom object that a filter selects, by ``marketoGUID``.

        Raises:
            SandboxApiError: The filter is invalid.
        """
        return self._rows(self._custom_object_exports[api_name], request_filter, at)

    def program_members(
        self, request_filter: Mapping[str, object] | None = None, *, at: datetime | None = None
    ) -> dict[tuple[int, int], ExpectedRow]:
        """The members of programs that a filter selects, by lead id and program id.

        Raises:
            SandboxApiError: The filter is invalid.
        """
        return self._rows(self._member_export, request_filter, at)

    def deleted_leads(self, at: datetime | None = None) -> dict[str, ExpectedRow]:
        """The deletions of leads, as activities, by ``marketoGUID``."""
        deletions = self._data_set.lead_deletions(0, self._epoch_seconds(at))
        return {activity.guid: expected_activity(activity) for activity in deletions}

    def lead_columns(self) -> dict[str, str]:
        """The Marketo data type of each column that a lead export can contain now."""
        return {name: field.data_type for name, field in self._data_set.lead_columns.items()}

    def custom_object_columns(self, api_name: str) -> dict[str, str]:
        """The Marketo data type of each field of a custom object."""
        fields = self._custom_object_exports[api_name].column_fields()
        return {name: field.data_type for name, field in fields.items()}

    def member_column_types(self) -> dict[str, str]:
        """The Marketo data type of each field of a program member."""
        return {field.name: field.data_type for field in MEMBER_FIELDS}

    def _rows(
        self,
        export: ExportDefinition[RowFilter, Key],
        request_filter: Mapping[str, object] | None,
        at: datetime | None,
    ) -> dict[Key, ExpectedRow]:
        instant = self._epoch_seconds(at)
        row_filter = export.parse_filter(request_filter, instant) if request_filter else None
        return export.expected_rows(row_filter, instant)
