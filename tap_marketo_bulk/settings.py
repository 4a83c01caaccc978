"""The settings: frozen values, parsed from a configuration.

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

from singer_sdk.plugin_base import JSONSchemaValidator

from tap_marketo_bulk.errors import SettingsError
from tap_marketo_bulk.extract.order import JobPolicy
from tap_marketo_bulk.marketo.activity_types import DELETE_LEAD
from tap_marketo_bulk.marketo.limits import MAX_PRIMARY_ATTRIBUTE_VALUES
from tap_marketo_bulk.marketo.transport import Connection
from tap_marketo_bulk.settings_schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_T = TypeVar("_T")
_SUFFIX = re.compile(r"/(rest|identity|bulk)(/v1)?$")


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
    terms: JobPolicy
    on_quota_exceeded: str
    file_format: str
    activities: ActivityFilter
    lead_list: Mapping[str, Any]
    extra_lead_fields: tuple[str, ...]
    invalid_as_null: bool


def parse_settings(config: Mapping[str, Any], schema: Mapping[str, Any], now: datetime) -> Settings:
    """Turn a configuration into settings.

    Args:
        config: As ``normalize_config`` returns it.
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
        terms=JobPolicy(
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


def normalize_config(config: Mapping[str, Any]) -> dict[str, Any]:
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
        f"{name} has more than {MAX_PRIMARY_ATTRIBUTE_VALUES} values"
        for name in primary
        if isinstance(config[name], list) and len(config[name]) > MAX_PRIMARY_ATTRIBUTE_VALUES
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
