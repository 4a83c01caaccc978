"""The export of activities."""

from collections.abc import Callable, Iterable, Iterator

from tap_marketo_bulk.sandbox.api_errors import invalid_value, missing_value
from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.data.activities import Activity, AttributeValues
from tap_marketo_bulk.sandbox.data.activity_rows import ActivityRowFilter
from tap_marketo_bulk.sandbox.data.activity_types import DELETE_LEAD_ID
from tap_marketo_bulk.sandbox.exports.checks import (
    check_field_names,
    check_filters,
    check_list,
    check_time_range,
)
from tap_marketo_bulk.sandbox.exports.definition import ExpectedRow, ExportDefinition, json_value
from tap_marketo_bulk.sandbox.exports.file_writer import format_json, format_value
from tap_marketo_bulk.sandbox.options import READ_ACTIVITY

_ActivityValue = str | int | AttributeValues | None
_COLUMNS: dict[str, Callable[[Activity], _ActivityValue]] = {
    "marketoGUID": lambda activity: activity.guid,
    "leadId": lambda activity: activity.lead_id,
    "activityDate": lambda activity: format_epoch_seconds(activity.happened_at),
    "activityTypeId": lambda activity: activity.activity_type.id,
    "campaignId": lambda activity: activity.campaign_id,
    "primaryAttributeValueId": lambda activity: (
        activity.primary_value.id if activity.primary_value else None
    ),
    "primaryAttributeValue": lambda activity: (
        activity.primary_value.full_name if activity.primary_value else None
    ),
    "attributes": lambda activity: activity.attributes,
    "actionResult": lambda activity: activity.result,
}
DEFAULT_COLUMNS = tuple(name for name in _COLUMNS if name != "actionResult")
"""The columns of an export without ``fields``."""
FILTERS = (
    "createdAt",
    "activityTypeIds",
    "primaryAttributeValueIds",
    "primaryAttributeValues",
)
_MAX_PRIMARY_VALUES = 50


class ActivityExport(ExportDefinition[ActivityRowFilter, str]):
    """The object ``activities``: fields are optional, the filter ``createdAt`` is required."""

    name = "activities"
    permission = READ_ACTIVITY

    def parse_columns(self, fields: object) -> tuple[str, ...]:
        """Parse ``fields``; see the base class.

        None gives ``DEFAULT_COLUMNS``, and so does an empty list (seen).
        """
        if fields is None or (fields == [] and not self.is_strict):
            return DEFAULT_COLUMNS
        names = check_field_names(fields, is_strict=self.is_strict)
        unknown = [name for name in names if name not in _COLUMNS]
        if unknown:
            raise invalid_value(f"Invalid fields [{', '.join(unknown)}]")
        return names

    def parse_filter(self, filters: object, _at: int) -> ActivityRowFilter:
        """Parse the filters; see the base class."""
        members = check_filters(filters, FILTERS)
        if "createdAt" not in members:
            raise missing_value("The filter 'createdAt' is required")
        type_ids = check_list(members, "activityTypeIds", int)
        self._check_type_ids(type_ids)
        ids = check_list(members, "primaryAttributeValueIds", int)
        names = check_list(members, "primaryAttributeValues", str)
        if ids or names:
            self._check_primary_values(ids, names, type_ids)
        return ActivityRowFilter(
            check_time_range(members["createdAt"], "createdAt", is_strict=self.is_strict),
            frozenset(type_ids),
            frozenset(ids),
            frozenset(names),
        )

    def _check_type_ids(self, type_ids: list[int]) -> None:
        unknown = sorted(set(type_ids) - {one.id for one in self.data_set.activity_types})
        if unknown:
            raise invalid_value(f"Invalid activityTypeIds {unknown}")
        if DELETE_LEAD_ID in type_ids:
            raise invalid_value("Activity type 37 is not supported: use Get Deleted Leads")

    def _check_primary_values(self, ids: list[int], names: list[str], type_ids: list[int]) -> None:
        if ids and names:
            message = "primaryAttributeValueIds and primaryAttributeValues cannot be used together"
            raise invalid_value(message)
        if len(ids or names) > _MAX_PRIMARY_VALUES:
            message = f"At most {_MAX_PRIMARY_VALUES} primary attribute values are allowed"
            raise invalid_value(message)
        groups = {one.asset_group for one in self.data_set.activity_types if one.id in type_ids}
        if len(groups) != 1 or "" in groups:
            raise invalid_value(
                "Filters by primary attribute require activityTypeIds of one asset group"
            )

    def file_rows(
        self, columns: tuple[str, ...], row_filter: ActivityRowFilter, at: int
    ) -> Iterator[Iterable[str]]:
        """The text of each column of each activity; see the base class."""
        get_values = [_COLUMNS[name] for name in columns]
        for activity in self.data_set.activities(row_filter, at):
            yield [_format(get_value(activity)) for get_value in get_values]

    def expected_rows(
        self, row_filter: ActivityRowFilter | None, at: int
    ) -> dict[str, ExpectedRow]:
        """The activities by ``marketoGUID``; see the base class."""
        activities = self.data_set.activities(row_filter or ActivityRowFilter(), at)
        return {activity.guid: expected_activity(activity) for activity in activities}


def expected_activity(activity: Activity) -> ExpectedRow:
    """All columns of an activity; ``attributes`` is a dictionary of JSON values, or None."""
    return {name: _json_value(get_value(activity)) for name, get_value in _COLUMNS.items()}


def _format(value: _ActivityValue) -> str:
    return format_json(value) if isinstance(value, dict) else format_value(value)


def _json_value(value: _ActivityValue) -> object:
    if isinstance(value, dict):
        return {name: json_value(attribute) for name, attribute in value.items()}
    return json_value(value)
