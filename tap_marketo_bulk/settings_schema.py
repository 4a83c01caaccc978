"""Every setting, with what a user reads of it: the JSON Schema of the configuration.

``meltano.yml`` and the README say the same, and tests compare them.
"""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from tap_marketo_bulk.marketo.limits import MAX_WINDOW_DAYS, QUEUE_PLACES

# Nobody waits longer; and what is longer by far is no span of time to Python.
YEAR_MINUTES = 365 * 24 * 60


def _number(
    name: str,
    title: str,
    default: float,
    description: str,
    **limits: Any,  # noqa: ANN401 - th.NumberType's own keywords
) -> th.Property[Any]:
    kind = th.NumberType(**limits)
    return th.Property(name, kind, title=title, description=description, default=default)


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
        "Date, or date-time with a zone: records from before it are not exported.",
        required=True,
    ),
    _text(
        "end_date",
        "End date",
        "Date, or date-time with a zone: stop before this instant. Without it, everything up to "
        "now is exported, less the lag.",
    ),
    _number(
        "window_days",
        "Window (days)",
        MAX_WINDOW_DAYS,
        "How much time one export job covers at most, in days. 31 is Marketo's limit; fractions "
        "are allowed.",
        minimum=1,
        maximum=MAX_WINDOW_DAYS,
    ),
    _number(
        "lag_minutes",
        "Lag (minutes)",
        15,
        "The newest minutes are left for the next run, because Marketo writes some records late.",
        minimum=0,
        maximum=YEAR_MINUTES,
    ),
    _number(
        "activity_lookback_minutes",
        "Activity lookback (minutes)",
        60,
        "Each run reads this much again before the activities bookmark, because activities are "
        "dated when they happen and stored later.",
        minimum=0,
        maximum=YEAR_MINUTES,
    ),
    _number(
        "poll_seconds",
        "Poll interval (seconds)",
        60,
        "Pause between status checks of an export job.",
        exclusive_minimum=0,
        maximum=YEAR_MINUTES,
    ),
    _number(
        "job_timeout_minutes",
        "Job timeout (minutes)",
        240,
        "An export job that is not finished by then is cancelled and the run fails.",
        exclusive_minimum=0,
        maximum=YEAR_MINUTES,
    ),
    th.Property(
        "max_jobs_in_flight",
        th.IntegerType(minimum=1, maximum=QUEUE_PLACES),
        title="Jobs in flight",
        description="How many export jobs are kept under way, of the queue of ten that all "
        "integrations of a subscription share.",
        default=4,
    ),
    th.Property(
        "on_quota_exceeded",
        th.StringType(allowed_values=["fail", "stop", "wait"]),
        title="When the quota is spent",
        description="fail: end with an error; stop: end well with what there is; wait: go on "
        "after the reset at 00:00 US Central. Nothing is lost either way.",
        default="fail",
    ),
    th.Property(
        "invalid_values",
        th.StringType(allowed_values=["fail", "null"]),
        title="Invalid values",
        description="What to do about a value that does not fit its field's type. fail: end with "
        "an error; null: emit null, count, and warn with the first sample per field.",
        default="fail",
    ),
    th.Property(
        "activity_type_ids",
        th.ArrayType(th.IntegerType),
        title="Activity types",
        description="Ids of the activity types to export. All types without it.",
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
        description="Export the leads of this smart list, as a full table. Not every "
        "subscription can.",
    ),
    _text(
        "smart_list_name",
        "Smart list name",
        "Export the leads of this smart list, as a full table. Not every subscription can.",
    ),
    th.Property(
        "extra_lead_fields",
        th.ArrayType(th.StringType),
        title="Extra lead fields",
        description="Lead fields that Describe Lead does not list, like ecids, to offer as text.",
    ),
    th.Property(
        "file_format",
        th.StringType(allowed_values=["CSV", "TSV", "SSV"]),
        title="File format",
        description="How Marketo separates values: by commas, tabs, or semicolons or spaces. The "
        "records are the same.",
        default="CSV",
    ),
    _number(
        "request_timeout_seconds",
        "Request timeout (seconds)",
        300,
        "How long to wait for Marketo to accept a connection, and for each answer.",
        exclusive_minimum=0,
        maximum=YEAR_MINUTES,
    ),
    _text(
        "user_agent",
        "User agent",
        "The User-Agent header of every request. By default the package's name and version.",
    ),
)
SCHEMA: dict[str, Any] = {**SETTINGS.to_dict(), "additionalProperties": False}
