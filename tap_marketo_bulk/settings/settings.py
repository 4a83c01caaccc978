"""The table of settings: a field of ``Settings`` is a setting, with all that is known of it.

The schema, ``meltano.yml``, the plugin definition and the page of the settings are made from it by
``python -m tests.support.plugin_definition --write``.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.exports.job import JobPolicy
from tap_marketo_bulk.marketo.limits import MAX_WINDOW_DAYS, QUEUE_PLACES, STATUS_UPDATE_SECONDS
from tap_marketo_bulk.marketo.transport import ConnectionSettings
from tap_marketo_bulk.rows.values import InvalidValuePolicy
from tap_marketo_bulk.settings.values import (
    parse_base_url,
    parse_credential,
    parse_date_setting,
    parse_days,
    parse_ids,
    parse_minutes,
    parse_user_agent,
    setting,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from tap_marketo_bulk.settings.values import Setting

# More than anybody needs, and far less than the longest ``timedelta``.
YEAR_MINUTES = 365 * 24 * 60
# A value of ``program_members_of``: the programs that the activities of a run name.
ACTIVE_PROGRAMS = "active"
INTEGERS, TEXTS = {"type": ["integer"]}, {"type": ["string"]}
# Setting -> Marketo's filter. Of the settings of a group, one can be set.
LEAD_LISTS = {
    "static_list_id": "staticListId",
    "static_list_name": "staticListName",
    "smart_list_id": "smartListId",
    "smart_list_name": "smartListName",
}
PRIMARY_FILTERS = {
    "primary_attribute_value_ids": "primaryAttributeValueIds",
    "primary_attribute_values": "primaryAttributeValues",
}
# Settings of earlier versions -> what to do, as the end of a sentence about the setting.
REMOVED_SETTINGS = {
    "activity_retention": "was removed: delete it from the configuration (a window without records "
    "uses no export quota, and the command plan says how long Marketo keeps which activities, so "
    "that you can choose a later start_date)",
}


@dataclass(frozen=True)
class ActivityFilter:
    """Which activities to export.

    Attributes:
        type_ids: Activity types; none means all.
        primary: ``primaryAttributeValueIds`` or ``primaryAttributeValues`` with its values, as
            Marketo's filter has them; or empty.
    """

    type_ids: tuple[int, ...]
    primary: Mapping[str, list[Any]]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings, parsed; durations are timedeltas, instants are in UTC."""

    base_url: str = setting(
        "string",
        "Endpoint",
        "REST endpoint or base URL as Marketo's admin page shows it, with or without /rest or "
        "/identity.",
        name="endpoint",
        parse=parse_base_url,
        required=True,
    )
    client_id: str = setting(
        "string",
        "Client ID",
        "Client ID of the custom service in Marketo's LaunchPoint.",
        parse=parse_credential,
        required=True,
        secret=True,
        writeOnly=True,
    )
    client_secret: str = setting(
        "string",
        "Client secret",
        "Client secret of the custom service in Marketo's LaunchPoint.",
        parse=parse_credential,
        required=True,
        secret=True,
        writeOnly=True,
    )
    start: datetime = setting(
        "string",
        "Start date",
        "Date, or date-time with a time zone. Older records are not exported.",
        name="start_date",
        parse=parse_date_setting,
        required=True,
    )
    end: datetime | None = setting(
        "string",
        "End date",
        "Date, or date-time with a time zone. Newer records are not exported. Without it, records "
        "up to now, less the lag, are exported.",
        name="end_date",
        parse=parse_date_setting,
    )
    window: timedelta = setting(
        "number",
        "Window (days)",
        "The longest date range of one export job, in days. 31 is Marketo's limit; fractions are "
        "allowed.",
        name="window_days",
        parse=parse_days,
        default=MAX_WINDOW_DAYS,
        minimum=1,
        maximum=MAX_WINDOW_DAYS,
    )
    lag: timedelta = setting(
        "number",
        "Lag (minutes)",
        "A run does not read the newest minutes, because Marketo writes some records late. The "
        "next run reads them.",
        name="lag_minutes",
        parse=parse_minutes,
        default=15,
        minimum=0,
        maximum=YEAR_MINUTES,
    )
    activity_lookback: timedelta = setting(
        "number",
        "Activity lookback (minutes)",
        "Each run reads the minutes before the bookmark of activities again, because Marketo "
        "stores some activities later than their activityDate.",
        name="activity_lookback_minutes",
        parse=parse_minutes,
        default=60,
        minimum=0,
        maximum=YEAR_MINUTES,
    )
    poll_seconds: float = setting(
        "number",
        "Poll interval (seconds)",
        "Time between status checks of an export job. Marketo updates a status once a minute.",
        parse=float,
        default=STATUS_UPDATE_SECONDS,
        exclusiveMinimum=0,
        maximum=YEAR_MINUTES,
    )
    job_timeout_minutes: float = setting(
        "number",
        "Job timeout (minutes)",
        "An export job that is not finished after this time is cancelled and the run fails.",
        parse=float,
        default=240,
        exclusiveMinimum=0,
        maximum=YEAR_MINUTES,
    )
    max_jobs_in_flight: int = setting(
        "integer",
        "Jobs in flight",
        "How many export jobs the tap keeps queued or processing at a time. All integrations of a "
        "subscription share a queue of ten.",
        default=4,
        minimum=1,
        maximum=QUEUE_PLACES,
    )
    resume_unknown_jobs: bool = setting(
        "boolean",
        "Resume unknown jobs",
        "Whether to look in Marketo's job list for jobs of earlier runs that the state does not "
        "have, and to resume them. Set it to false where other programs export with the same API "
        "user.",
        default=True,
    )
    on_quota_exceeded: str = setting(
        "string",
        "When the quota is used up",
        "fail: end with an error; stop: end successfully with the records so far; wait: continue "
        "after the reset at 00:00 US Central. No data is lost in any case.",
        default="fail",
        enum=["fail", "stop", "wait"],
    )
    invalid_values: InvalidValuePolicy = setting(
        "string",
        "Invalid values",
        "What to do with a value that does not fit its field's type. null: emit null and keep the "
        "original text in the record's _invalid_values column; fail: end with an error.",
        parse=InvalidValuePolicy,
        default="null",
        enum=["fail", "null"],
    )
    ignore_missing_permissions: bool = setting(
        "boolean",
        "Ignore missing permissions",
        "Whether the role of the API user lacks permissions on purpose: streams that it may not "
        "read are left out with a warning, in discovery and in runs, in place of an error.",
        default=False,
    )
    activity_type_ids: tuple[int, ...] = setting(
        "array",
        "Activity types",
        "Ids of the activity types to export. Without it, all types are exported.",
        parse=parse_ids,
        missing=(),
        items=INTEGERS,
    )
    primary_attribute_value_ids: list[int] | None = setting(
        "array",
        "Primary attribute value IDs",
        "Export only activities about these assets or lead fields, by id: at most 50, with "
        "activity_type_ids of one asset group.",
        items=INTEGERS,
    )
    primary_attribute_values: list[str] | None = setting(
        "array",
        "Primary attribute values",
        "Export only activities about these assets or lead fields, by name, an asset as "
        "<program>.<asset>: at most 50, with activity_type_ids of one asset group.",
        items=TEXTS,
    )
    static_list_id: int | None = setting(
        "integer",
        "Static list ID",
        "Export the leads of this static list, as a full table.",
    )
    static_list_name: str | None = setting(
        "string",
        "Static list name",
        "Export the leads of this static list, as a full table.",
    )
    smart_list_id: int | None = setting(
        "integer",
        "Smart list ID",
        "Export the leads of this smart list, as a full table. Some subscriptions do not have "
        "this filter.",
    )
    smart_list_name: str | None = setting(
        "string",
        "Smart list name",
        "Export the leads of this smart list, as a full table. Some subscriptions do not have "
        "this filter.",
    )
    extra_lead_fields: tuple[str, ...] = setting(
        "array",
        "Extra lead fields",
        "Additional lead fields, of type string, that Describe Lead does not list; ecids for "
        "example.",
        parse=tuple,
        missing=(),
        items=TEXTS,
    )
    column_names: str = setting(
        "string",
        "Column names",
        "marketo: columns have Marketo's names, createdAt for example; snake_case: created_at. "
        "Choose before the first run: a bookmark of the other kind is an error.",
        default="marketo",
        enum=["marketo", "snake_case"],
    )
    list_ids: tuple[int, ...] = setting(
        "array",
        "Lists",
        "Ids of the static lists whose members the stream list_members has.",
        parse=parse_ids,
        missing=(),
        items=INTEGERS,
    )
    program_ids: tuple[int, ...] = setting(
        "array",
        "Programs",
        "Ids of the programs whose members are exported. Without it, those of all programs are, "
        "and the API user needs the permission Read-Only Assets to list them.",
        parse=parse_ids,
        missing=(),
        items=INTEGERS,
    )
    program_members_of: str = setting(
        "string",
        "Program members of",
        "all: export the changed members of all programs; active: only of programs that the "
        "activities of the run name, which takes fewer jobs and misses changes without an "
        "activity until a run with all.",
        default="all",
        enum=["all", ACTIVE_PROGRAMS],
    )
    file_format: str = setting(
        "string",
        "File format",
        "How Marketo separates the values of a file: by commas (CSV), tabs (TSV), or semicolons "
        "or spaces (SSV). The records are the same.",
        default="CSV",
        enum=["CSV", "TSV", "SSV"],
    )
    request_timeout_seconds: float = setting(
        "number",
        "Request timeout (seconds)",
        "How long to wait for Marketo to accept a connection, and for each response.",
        parse=float,
        default=300,
        exclusiveMinimum=0,
        maximum=YEAR_MINUTES,
    )
    user_agent: str | None = setting(
        "string",
        "User agent",
        "The User-Agent header of every request. By default the package's name and version.",
        parse=parse_user_agent,
    )

    @property
    def connection(self) -> ConnectionSettings:
        """The settings of requests."""
        return ConnectionSettings(
            base_url=self.base_url,
            client_id=self.client_id,
            client_secret=self.client_secret,
            request_timeout_seconds=self.request_timeout_seconds,
            user_agent=self.user_agent or f"tap-marketo-bulk/{version('tap-marketo-bulk')}",
        )

    @property
    def job_policy(self) -> JobPolicy:
        """The settings of export jobs."""
        return JobPolicy(
            poll_seconds=self.poll_seconds,
            job_timeout_seconds=60 * self.job_timeout_minutes,
            max_jobs_in_flight=self.max_jobs_in_flight,
            tags_jobs=self.resume_unknown_jobs,
            waits_for_quota=self.on_quota_exceeded == "wait",
            extra_lead_fields=frozenset(self.extra_lead_fields),
        )

    @property
    def activity_filter(self) -> ActivityFilter:
        """The activities to export."""
        return ActivityFilter(self.activity_type_ids, self._filters(PRIMARY_FILTERS))

    @property
    def lead_list(self) -> Mapping[str, Any]:
        """Marketo's filter for the leads of a list; empty for all leads."""
        return self._filters(LEAD_LISTS)

    @property
    def filters_of_settings(self) -> Mapping[str, str]:
        """The settings that are a filter of an export, with Marketo's name of it."""
        filters = {**LEAD_LISTS, **PRIMARY_FILTERS}
        return {name: each for name, each in filters.items() if getattr(self, name) is not None}

    def _filters(self, filters: Mapping[str, str]) -> Mapping[str, Any]:
        """Return Marketo's filters, with their values, of the settings that are set."""
        values = {filter_: getattr(self, name) for name, filter_ in filters.items()}
        return {filter_: value for filter_, value in values.items() if value is not None}


# The field of ``Settings`` -> its setting.
SETTINGS: Mapping[str, Setting] = {
    each.name: replace(each.metadata["setting"], name=each.metadata["setting"].name or each.name)
    for each in fields(Settings)
}


def build_schema() -> dict[str, Any]:
    """Return a new JSON Schema of the configuration, which its caller may change.

    The SDK adds its own settings to the schema of a tap class.
    """
    return {
        "type": "object",
        "properties": {each.name: deepcopy(each.schema) for each in SETTINGS.values()},
        "required": [each.name for each in SETTINGS.values() if each.is_required],
        "additionalProperties": False,
    }
