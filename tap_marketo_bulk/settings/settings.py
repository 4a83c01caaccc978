"""The settings: frozen values, parsed from a configuration.

All problems of a configuration are reported together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

from tap_marketo_bulk.errors import SettingsError
from tap_marketo_bulk.marketo.transport import ConnectionSettings
from tap_marketo_bulk.plan.planner import JobPolicy
from tap_marketo_bulk.rows.values import InvalidValuePolicy
from tap_marketo_bulk.settings.checks import (
    LEAD_LISTS,
    PRIMARY_FILTERS,
    filter_problems,
    schema_problems,
)
from tap_marketo_bulk.settings.values import parse_base_url, parse_date_setting, parse_user_agent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_T = TypeVar("_T")

# A value of ``program_members_of``: the programs that the activities of a run name.
ACTIVE_PROGRAMS = "active"


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


@dataclass(frozen=True)
class Settings:
    """The parsed settings; durations are timedeltas, instants are in UTC."""

    connection: ConnectionSettings
    start: datetime
    end: datetime | None
    window: timedelta
    lag: timedelta
    activity_lookback: timedelta
    job_policy: JobPolicy
    on_quota_exceeded: str
    file_format: str
    activity_filter: ActivityFilter
    lead_list: Mapping[str, Any]
    extra_lead_fields: tuple[str, ...]
    column_names: str
    list_ids: tuple[int, ...]
    leaves_out_expired: bool
    program_ids: tuple[int, ...]
    program_members_of: str
    invalid_values: InvalidValuePolicy


@dataclass(frozen=True)
class _ParsedValues:
    """The values that need a parser of their own."""

    base_url: str
    start: datetime
    end: datetime | None
    user_agent: str


def parse_settings(config: Mapping[str, Any], schema: Mapping[str, Any], now: datetime) -> Settings:
    """Return the settings of a configuration.

    Args:
        config: As ``normalize_config`` returns it, for the same schema.
        schema: As ``build_schema`` returns it, with the SDK's own settings or without.
        now: The present; a ``start_date`` after it is a problem.

    Raises:
        SettingsError: The configuration has problems; the error lists all of them.
    """
    problems = list(schema_problems(config, schema))
    values = _parse_values(config, now, problems)
    problems += filter_problems(config)
    if problems:
        raise SettingsError(problems)
    return Settings(
        connection=_connection(config, values),
        start=values.start,
        end=values.end,
        window=timedelta(days=float(config["window_days"])),
        lag=timedelta(minutes=float(config["lag_minutes"])),
        activity_lookback=timedelta(minutes=float(config["activity_lookback_minutes"])),
        job_policy=_job_policy(config),
        on_quota_exceeded=config["on_quota_exceeded"],
        file_format=config["file_format"],
        activity_filter=_activity_filter(config),
        lead_list=_selected_filters(LEAD_LISTS, config),
        extra_lead_fields=tuple(config.get("extra_lead_fields", ())),
        column_names=config["column_names"],
        list_ids=tuple(sorted(set(config.get("list_ids", ())))),
        leaves_out_expired=config["activity_retention"] == "standard",
        program_ids=tuple(sorted(set(config.get("program_ids", ())))),
        program_members_of=config["program_members_of"],
        invalid_values=InvalidValuePolicy(config["invalid_values"]),
    )


def _parse_values(config: Mapping[str, Any], now: datetime, problems: list[str]) -> _ParsedValues:
    """Parse single values; appends to ``problems`` where that fails."""
    start = _parsed("start_date", parse_date_setting, config, problems)
    end = _parsed("end_date", parse_date_setting, config, problems)
    if start and start > now:
        problems.append(f"start_date {config['start_date']} is in the future")
    if start and end and end <= start:
        problems.append(f"end_date {config['end_date']} is not after start_date")
    return _ParsedValues(
        # Where a required setting is missing or invalid, that is a problem already.
        base_url=_parsed("endpoint", parse_base_url, config, problems) or "",
        start=start or now,
        end=end,
        user_agent=_parsed("user_agent", parse_user_agent, config, problems)
        or f"tap-marketo-bulk/{version('tap-marketo-bulk')}",
    )


def _parsed(
    name: str, parse: Callable[[str], _T], config: Mapping[str, Any], problems: list[str]
) -> _T | None:
    """Return the parsed value of a setting; None, and a new problem, where that fails."""
    value = config.get(name)
    if not isinstance(value, str):
        return None  # not set, or reported by the check of types
    try:
        return parse(value.strip())
    except ValueError as error:
        problems.append(f"{name} {error}")
        return None


def _connection(config: Mapping[str, Any], values: _ParsedValues) -> ConnectionSettings:
    return ConnectionSettings(
        base_url=values.base_url,
        client_id=config["client_id"],
        client_secret=config["client_secret"],
        request_timeout_seconds=float(config["request_timeout_seconds"]),
        user_agent=values.user_agent,
    )


def _job_policy(config: Mapping[str, Any]) -> JobPolicy:
    return JobPolicy(
        poll_seconds=float(config["poll_seconds"]),
        job_timeout_seconds=60 * float(config["job_timeout_minutes"]),
        max_jobs_in_flight=int(config["max_jobs_in_flight"]),
        tags_jobs=config["resume_unknown_jobs"],
        waits_for_quota=config["on_quota_exceeded"] == "wait",
        extra_lead_fields=frozenset(config.get("extra_lead_fields", ())),
    )


def _activity_filter(config: Mapping[str, Any]) -> ActivityFilter:
    type_ids = tuple(sorted(set(config.get("activity_type_ids", ()))))
    return ActivityFilter(type_ids, _selected_filters(PRIMARY_FILTERS, config))


def _selected_filters(filters: Mapping[str, str], config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return Marketo's filters, with their values, of the settings that are set."""
    return {filter_: config[name] for name, filter_ in filters.items() if name in config}
