"""Every setting with its type, default and description: the JSON Schema of the configuration.

``meltano.yml`` and the README list the same settings; tests compare them.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from singer_sdk import typing as th

from tap_marketo_bulk.marketo.limits import MAX_WINDOW_DAYS, QUEUE_PLACES, STATUS_UPDATE_SECONDS

# More than anybody needs, and far less than the longest ``timedelta``.
YEAR_MINUTES = 365 * 24 * 60


def _number(
    name: str,
    title: str,
    default: float,
    description: str,
    **limits: Any,  # noqa: ANN401 - th.NumberType's own keywords
) -> th.Property[Any]:
    number_type = th.NumberType(**limits)
    return th.Property(name, number_type, title=title, description=description, default=default)


def _text(name: str, title: str, description: str, **more: Any) -> th.Property[Any]:  # noqa: ANN401 - th.Property's own keywords
    return th.Property(name, th.StringType, title=title, description=description, **more)


SETTINGS = th.PropertiesList(
    _text(
        "endpoint",
        "Endpoint",
        "REST endpoint or base URL as Marketo's admin page shows it, with or without /rest or "
        "/identity.",
        required=True,
    ),
    _text(
        "client_id",
        "Client ID",
        "Client ID of the custom service in Marketo's LaunchPoint.",
        required=True,
        secret=True,
    ),
    _text(
        "client_secret",
        "Client secret",
        "Client secret of the custom service in Marketo's LaunchPoint.",
        required=True,
        secret=True,
    ),
    _text(
        "start_date",
        "Start date",
        "Date, or date-time with a time zone. Older records are not exported.",
        required=True,
    ),
    _text(
        "end_date",
        "End date",
        "Date, or date-time with a time zone. Newer records are not exported. Without it, records "
        "up to now, less the lag, are exported.",
    ),
    _number(
        "window_days",
        "Window (days)",
        MAX_WINDOW_DAYS,
        "The longest date range of one export job, in days. 31 is Marketo's limit; fractions are "
        "allowed.",
        minimum=1,
        maximum=MAX_WINDOW_DAYS,
    ),
    _number(
        "lag_minutes",
        "Lag (minutes)",
        15,
        "A run does not read the newest minutes, because Marketo writes some records late. The "
        "next run reads them.",
        minimum=0,
        maximum=YEAR_MINUTES,
    ),
    _number(
        "activity_lookback_minutes",
        "Activity lookback (minutes)",
        60,
        "Each run reads the minutes before the bookmark of activities again, because Marketo "
        "stores some activities later than their activityDate.",
        minimum=0,
        maximum=YEAR_MINUTES,
    ),
    _number(
        "poll_seconds",
        "Poll interval (seconds)",
        STATUS_UPDATE_SECONDS,
        "Time between status checks of an export job. Marketo updates a status once a minute.",
        exclusive_minimum=0,
        maximum=YEAR_MINUTES,
    ),
    _number(
        "job_timeout_minutes",
        "Job timeout (minutes)",
        240,
        "An export job that is not finished after this time is cancelled and the run fails.",
        exclusive_minimum=0,
        maximum=YEAR_MINUTES,
    ),
    th.Property(
        "max_jobs_in_flight",
        th.IntegerType(minimum=1, maximum=QUEUE_PLACES),
        title="Jobs in flight",
        description="How many export jobs the tap keeps queued or processing at a time. All "
        "integrations of a subscription share a queue of ten.",
        default=4,
    ),
    th.Property(
        "resume_unknown_jobs",
        th.BooleanType,
        title="Resume unknown jobs",
        description="Whether to look in Marketo's job list for jobs of earlier runs that the "
        "state does not have, and to resume them. Set it to false where other programs export "
        "with the same API user.",
        default=True,
    ),
    th.Property(
        "on_quota_exceeded",
        th.StringType(allowed_values=["fail", "stop", "wait"]),
        title="When the quota is used up",
        description="fail: end with an error; stop: end successfully with the records so far; "
        "wait: continue after the reset at 00:00 US Central. No data is lost in any case.",
        default="fail",
    ),
    th.Property(
        "invalid_values",
        th.StringType(allowed_values=["fail", "null"]),
        title="Invalid values",
        description="What to do with a value that does not fit its field's type. null: emit null "
        "and keep the original text in the record's _invalid_values column; fail: end with an "
        "error.",
        default="null",
    ),
    th.Property(
        "activity_type_ids",
        th.ArrayType(th.IntegerType),
        title="Activity types",
        description="Ids of the activity types to export. Without it, all types are exported.",
    ),
    th.Property(
        "primary_attribute_value_ids",
        th.ArrayType(th.IntegerType),
        title="Primary attribute value IDs",
        description="Export only activities about these assets or lead fields, by id: at most 50, "
        "with activity_type_ids of one asset group.",
    ),
    th.Property(
        "primary_attribute_values",
        th.ArrayType(th.StringType),
        title="Primary attribute values",
        description="Export only activities about these assets or lead fields, by name, an asset "
        "as <program>.<asset>: at most 50, with activity_type_ids of one asset group.",
    ),
    th.Property(
        "activity_retention",
        th.StringType(allowed_values=["none", "standard"]),
        title="Activity retention",
        description="none: export all windows since the start date; standard: leave out windows "
        "that are older than what Marketo keeps of the selected types by its standard (90 days, or "
        "25 months), and deletions older than 14 days.",
        default="none",
    ),
    th.Property(
        "static_list_id",
        th.IntegerType,
        title="Static list ID",
        description="Export the leads of this static list, as a full table.",
    ),
    _text(
        "static_list_name",
        "Static list name",
        "Export the leads of this static list, as a full table.",
    ),
    th.Property(
        "smart_list_id",
        th.IntegerType,
        title="Smart list ID",
        description="Export the leads of this smart list, as a full table. Some "
        "subscriptions do not have this filter.",
    ),
    _text(
        "smart_list_name",
        "Smart list name",
        "Export the leads of this smart list, as a full table. Some subscriptions do not have this "
        "filter.",
    ),
    th.Property(
        "extra_lead_fields",
        th.ArrayType(th.StringType),
        title="Extra lead fields",
        description="Additional lead fields, of type string, that Describe Lead does not list; "
        "ecids for example.",
    ),
    th.Property(
        "column_names",
        th.StringType(allowed_values=["marketo", "snake_case"]),
        title="Column names",
        description="marketo: columns have Marketo's names, createdAt for example; snake_case: "
        "created_at. Choose before the first run: a bookmark of the other kind is an error.",
        default="marketo",
    ),
    th.Property(
        "list_ids",
        th.ArrayType(th.IntegerType),
        title="Lists",
        description="Ids of the static lists whose members the stream list_members has.",
    ),
    th.Property(
        "program_ids",
        th.ArrayType(th.IntegerType),
        title="Programs",
        description="Ids of the programs whose members are exported. Without it, those of all "
        "programs are, and the API user needs the permission Read-Only Assets to list them.",
    ),
    th.Property(
        "program_members_of",
        th.StringType(allowed_values=["all", "active"]),
        title="Program members of",
        description="all: export the changed members of all programs; active: only of programs "
        "that the activities of the run name, which takes fewer jobs and misses changes without "
        "an activity until a run with all.",
        default="all",
    ),
    th.Property(
        "file_format",
        th.StringType(allowed_values=["CSV", "TSV", "SSV"]),
        title="File format",
        description="How Marketo separates the values of a file: by commas (CSV), tabs (TSV), or "
        "semicolons or spaces (SSV). The records are the same.",
        default="CSV",
    ),
    _number(
        "request_timeout_seconds",
        "Request timeout (seconds)",
        300,
        "How long to wait for Marketo to accept a connection, and for each response.",
        exclusive_minimum=0,
        maximum=YEAR_MINUTES,
    ),
    _text(
        "user_agent",
        "User agent",
        "The User-Agent header of every request. By default the package's name and version.",
    ),
)


def build_schema() -> dict[str, Any]:
    """Return a new JSON Schema of the configuration, which its caller may change.

    The SDK adds its own settings to the schema of a tap class.
    """
    return {**deepcopy(SETTINGS.to_dict()), "additionalProperties": False}
