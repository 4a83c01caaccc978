"""The settings: their JSON Schema, and the frozen values parsed from them.

All problems of a configuration are found and told at once.
"""

from __future__ import annotations

import difflib
import math
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib.metadata import version
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from singer_sdk import typing as th
from singer_sdk.plugin_base import JSONSchemaValidator

from tap_marketo_bulk.errors import SettingsError
from tap_marketo_bulk.extract.delivery import Terms
from tap_marketo_bulk.marketo.activity_types import DELETE_LEAD
from tap_marketo_bulk.marketo.client import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Marketo's limit for the date range of a job.
LONGEST_WINDOW_DAYS = 31
# Nobody waits longer; and what is longer by far is no span of time to Python.
YEAR_MINUTES = 365 * 24 * 60
# Adobe: ten jobs can be queued or processing in a subscription.
QUEUE_PLACES = 10
_T = TypeVar("_T")
_SUFFIX = re.compile(r"/(rest|identity|bulk)(/v1)?$")


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
        LONGEST_WINDOW_DAYS,
        "How much time one export job covers at most, in days. 31 is Marketo's limit; fractions "
        "are allowed.",
        minimum=1,
        maximum=LONGEST_WINDOW_DAYS,
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


@dataclass(frozen=True)
class ActivityFilter:
    """Which activities to export.

    Attributes:
        type_ids: Activity types; none means all.
        primary: ``primaryAttributeValueIds`` or ``primaryAttributeValues`` as Marketo has them.
    """

    type_ids: tuple[int, ...]
    primary: Mapping[str, list[Any]]


@dataclass(frozen=True)
class Settings:
    """What the tap was told to do; durations are timedeltas, instants are in UTC."""

    connection: Connection
    start: datetime
    end: datetime | None
    window: timedelta
    lag: timedelta
    activity_lookback: timedelta
    terms: Terms
    on_quota_exceeded: str
    file_format: str
    activities: ActivityFilter
    lead_list: Mapping[str, Any]
    extra_lead_fields: tuple[str, ...]
    invalid_as_null: bool


def parse(config: Mapping[str, Any], schema: Mapping[str, Any], now: datetime) -> Settings:
    """Turn a configuration into settings.

    Args:
        config: As ``tidy`` returns it.
        schema: ``SCHEMA``, with what the SDK adds to it.
        now: The present, which ``start_date`` must not be ahead of.

    Raises:
        SettingsError: Something is wrong; every problem is in it.
    """
    problems = _shape_problems(config, schema)
    base_url = _checked("endpoint", _base_url, config, problems)
    start = _checked("start_date", _instant, config, problems)
    end = _checked("end_date", _instant, config, problems)
    if start and start > now:
        problems.append(f"start_date {config['start_date']} is in the future")
    if start and end and end <= start:
        problems.append(f"end_date {config['end_date']} is not after start_date")
    problems += _filter_problems(config)
    if problems or base_url is None or start is None:
        raise SettingsError(problems)
    return Settings(
        connection=_connection(config, base_url),
        start=start,
        end=end,
        window=timedelta(days=float(config["window_days"])),
        lag=timedelta(minutes=float(config["lag_minutes"])),
        activity_lookback=timedelta(minutes=float(config["activity_lookback_minutes"])),
        terms=Terms(
            poll_seconds=float(config["poll_seconds"]),
            job_timeout_seconds=60 * float(config["job_timeout_minutes"]),
            max_jobs_in_flight=int(config["max_jobs_in_flight"]),
        ),
        on_quota_exceeded=config["on_quota_exceeded"],
        file_format=config["file_format"],
        activities=_activity_filter(config),
        lead_list=_lead_list(config),
        extra_lead_fields=tuple(config.get("extra_lead_fields", ())),
        invalid_as_null=config["invalid_values"] == "null",
    )


def _connection(config: Mapping[str, Any], base_url: str) -> Connection:
    return Connection(
        base_url=base_url,
        client_id=config["client_id"],
        client_secret=config["client_secret"],
        request_timeout_seconds=float(config["request_timeout_seconds"]),
        user_agent=config.get("user_agent") or f"tap-marketo-bulk/{version('tap-marketo-bulk')}",
    )


def tidy(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration without what is not set, numbers as numbers, defaults filled in.

    Environment variables arrive as text; an empty one, or an empty list, means that nothing is set.
    """
    given = {name: value for name, value in config.items() if value not in (None, "", [])}
    for name, spec in SCHEMA["properties"].items():
        if name in given:
            given[name] = _as_number(given[name], spec)
        elif "default" in spec:
            given[name] = spec["default"]
    return given


def _as_number(value: object, spec: Mapping[str, Any]) -> object:
    """Read the text of a numeric setting; what is no number is left for the schema's check."""
    if isinstance(value, str | float | Decimal) and {"number", "integer"} & set(spec["type"]):
        with suppress(ValueError):
            number = float(value)
            if not math.isfinite(number):
                return str(value)
            return int(number) if number.is_integer() else number
    return value


def _shape_problems(config: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Find settings that are missing, unknown, or of the wrong type or size."""
    known = schema["properties"]
    problems = [f"{name} is missing" for name in schema["required"] if name not in config]
    for name in sorted(set(config) - set(known)):
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        problems.append(f"{name} is no setting of this tap{hint}")
    errors = JSONSchemaValidator({"type": "object", "properties": known}).iter_errors(dict(config))
    return problems + [_describe(error) for error in errors]


# Setting -> Marketo's filter.
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
# Adobe: at most so many primary attribute values.
MOST_PRIMARY_VALUES = 50


def _activity_filter(config: Mapping[str, Any]) -> ActivityFilter:
    primary = {filter_: config[name] for name, filter_ in PRIMARY_FILTERS.items() if name in config}
    return ActivityFilter(tuple(sorted(set(config.get("activity_type_ids", ())))), primary)


def _lead_list(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return {filter_: config[name] for name, filter_ in LEAD_LISTS.items() if name in config}


def _filter_problems(config: Mapping[str, Any]) -> list[str]:
    """Find what Marketo does not allow together."""
    problems = []
    lists = [name for name in LEAD_LISTS if name in config]
    if len(lists) > 1:
        problems.append(f"only one of {', '.join(lists)} can be set")
    primary = [name for name in PRIMARY_FILTERS if name in config]
    if len(primary) > 1:
        problems.append(f"only one of {', '.join(primary)} can be set")
    if primary and "activity_type_ids" not in config:
        problems.append(f"{primary[0]} needs activity_type_ids")
    problems += [
        f"{name} has more than {MOST_PRIMARY_VALUES} values"
        for name in primary
        if isinstance(config[name], list) and len(config[name]) > MOST_PRIMARY_VALUES
    ]
    type_ids = config.get("activity_type_ids")
    if isinstance(type_ids, list) and DELETE_LEAD in type_ids:
        problems.append(
            f"activity_type_ids: Marketo exports no activities of type {DELETE_LEAD}, Delete "
            "Lead; select the stream deleted_leads instead"
        )
    return problems


def _describe(error: Any) -> str:  # noqa: ANN401 - jsonschema has no types
    """Name the setting and its problem; the value of a secret stays out of it."""
    name = str(error.path[0]) if error.path else "config"
    if error.schema.get("secret") or SCHEMA["properties"].get(name, {}).get("secret"):
        return f"{name} must be text"
    if error.validator == "type":
        wanted = " or ".join(kind for kind in error.validator_value if kind != "null")
        return f"{name}: {error.instance!r} is not of type {wanted}"
    return f"{name}: {error.message}"


def _checked(
    name: str, check: Callable[[str], _T], config: Mapping[str, Any], problems: list[str]
) -> _T | None:
    """Return the checked value of a setting, or None where it is not set or a problem."""
    value = config.get(name)
    if not isinstance(value, str):
        return None  # the schema's check names it
    try:
        return check(value.strip())
    except ValueError as error:
        problems.append(f"{name} {error}")
        return None


def _instant(text: str) -> datetime:
    """Read a date, which means its first instant in UTC, or a date-time with a zone."""
    try:
        if len(text) <= len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        instant = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is neither a date nor a date-time, like 2026-01-31T00:00:00Z"
        raise ValueError(message) from None
    if instant.tzinfo is None:
        message = f"{text!r} has no time zone, add Z for UTC"
        raise ValueError(message)
    return instant.astimezone(UTC).replace(microsecond=0)


def _base_url(text: str) -> str:
    """Reduce what Marketo's admin page shows to the address that all paths are added to."""
    message = "is not a URL like https://123-ABC-456.mktorest.com/rest"
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise ValueError(message) from None
    if url.scheme not in ("http", "https") or not host:
        raise ValueError(message)
    if url.query or url.fragment or url.username or url.password:
        message = "must be a bare address, without credentials, query or fragment"
        raise ValueError(message)
    if url.scheme == "http" and not _is_loopback(host):
        message = "must begin with https://, since plain http would show the secret to the network"
        raise ValueError(message)
    path = _SUFFIX.sub("", url.path.rstrip("/"))
    return SplitResult(url.scheme, url.netloc, path, "", "").geturl()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
