"""The rows that a client of the sandbox must have read: the reference of all tests."""

from collections.abc import Mapping
from datetime import datetime

from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.data.custom_objects import CUSTOM_OBJECTS
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.data.member_fields import MEMBER_FIELDS
from tap_marketo_bulk.sandbox.expected_assets import ExpectedAssets
from tap_marketo_bulk.sandbox.exports.activity_export import ActivityExport, expected_activity
from tap_marketo_bulk.sandbox.exports.custom_object_export import CustomObjectExport
from tap_marketo_bulk.sandbox.exports.definition import (
    ExpectedRow,
    ExportDefinition,
    Key,
    RowFilter,
)
from tap_marketo_bulk.sandbox.exports.lead_export import LeadExport
from tap_marketo_bulk.sandbox.exports.member_export import MemberExport
from tap_marketo_bulk.sandbox.http.call_statistics import CallStatistics


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
