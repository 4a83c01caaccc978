"""From a configuration to settings: forms, limits, and every problem at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tap_marketo_bulk.errors import SettingsError
from tap_marketo_bulk.settings import Settings, normalize_config, parse_settings
from tap_marketo_bulk.settings_schema import SCHEMA

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GIVEN = {
    "endpoint": "https://123-ABC-456.mktorest.com/rest",
    "client_id": "someone",
    "client_secret": "hunter2",
    "start_date": "2026-01-01",
}


def settings(**changes: Any) -> Settings:  # noqa: ANN401 - settings
    return parse_settings(normalize_config(GIVEN | changes), SCHEMA, NOW)


def problems(**changes: Any) -> tuple[str, ...]:  # noqa: ANN401 - settings
    with pytest.raises(SettingsError) as caught:
        settings(**changes)
    assert "hunter2" not in str(caught.value)
    return caught.value.problems


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://123-ABC-456.mktorest.com",
        "https://123-ABC-456.mktorest.com/",
        "https://123-ABC-456.mktorest.com/rest",
        "https://123-ABC-456.mktorest.com/rest/",
        "https://123-ABC-456.mktorest.com/rest/v1",
        "https://123-ABC-456.mktorest.com/identity",
        "https://123-ABC-456.mktorest.com/bulk/v1",
        "  https://123-ABC-456.mktorest.com/rest  ",
    ],
)
def test_every_form_of_the_endpoint_is_the_same_address(endpoint: str) -> None:
    assert settings(endpoint=endpoint).connection.base_url == "https://123-ABC-456.mktorest.com"


@pytest.mark.parametrize(
    ("endpoint", "base_url"),
    [
        ("http://localhost:8080/rest", "http://localhost:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("https://gateway.example.com/marketo/rest", "https://gateway.example.com/marketo"),
    ],
)
def test_loopback_may_be_plain_and_a_path_is_kept(endpoint: str, base_url: str) -> None:
    assert settings(endpoint=endpoint).connection.base_url == base_url


@pytest.mark.parametrize(
    "endpoint",
    [
        "marketo",
        "ftp://example.com",
        "https://",
        "https://[",
        "https://example.com:port",
        "https://me:hunter2@example.com",
        "https://example.com/?token=hunter2",
        "https://example.com/#hunter2",
        "http://example.com",
        "http://10.0.0.1",
    ],
)
def test_what_is_no_safe_endpoint_is_refused(endpoint: str) -> None:
    (problem,) = problems(endpoint=endpoint)
    assert problem.startswith("endpoint ")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T01:02:03Z", datetime(2026, 1, 31, 1, 2, 3, tzinfo=UTC)),
        ("2026-01-31T01:02:03.9+02:00", datetime(2026, 1, 30, 23, 2, 3, tzinfo=UTC)),
        (" 2026-01-31 ", datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_dates_are_instants_in_utc(text: str, instant: datetime) -> None:
    assert settings(start_date=text).start == instant
    assert settings(end_date=text).end == instant


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-01-31T25:00:00Z", "20260131T00", "1"])
def test_what_is_no_date_is_refused(text: str) -> None:
    (problem,) = problems(start_date=text)
    assert problem.startswith("start_date ")


def test_what_is_not_set_has_its_default() -> None:
    plain = settings(end_date="", user_agent=None)
    assert plain.end is None
    assert plain.window == timedelta(days=31)
    assert plain.lag == timedelta(minutes=15)
    assert plain.activity_lookback == timedelta(hours=1)
    assert (plain.on_quota_exceeded, plain.invalid_as_null) == ("fail", False)
    assert plain.terms.poll_seconds == 60
    assert plain.terms.job_timeout_seconds == 4 * 3600
    assert plain.terms.max_jobs_in_flight == 4
    assert plain.connection.request_timeout_seconds == 300
    assert plain.connection.user_agent.startswith("tap-marketo-bulk/")


def test_numbers_of_the_environment_are_text_and_of_a_file_decimals() -> None:
    given = settings(window_days="1.5", max_jobs_in_flight="2.0", poll_seconds=Decimal("0.25"))
    assert given.window == timedelta(days=1.5)
    assert given.terms.max_jobs_in_flight == 2
    assert given.terms.poll_seconds == 0.25


LIMITS = [
    ("window_days", 31, 31.5),
    ("lag_minutes", 0, -1),
    ("activity_lookback_minutes", 0, -0.5),
    ("poll_seconds", 0.001, 0),
    ("job_timeout_minutes", 0.1, 0),
    ("max_jobs_in_flight", 1, 0),
    ("max_jobs_in_flight", 10, 11),
    ("request_timeout_seconds", 0.1, 0),
    ("lag_minutes", 525600, 1e300),
    ("activity_lookback_minutes", 525600, 525601),
    ("poll_seconds", 525600, 10**400),
    ("job_timeout_minutes", 525600, 1e99),
    ("request_timeout_seconds", 525600, 1e99),
]


@pytest.mark.parametrize(("name", "least", "beyond"), LIMITS)
def test_limits_are_kept(name: str, least: float, beyond: float) -> None:
    settings(**{name: least})
    (problem,) = problems(**{name: beyond})
    assert re.match(rf"{name}: \S+ is (less|greater) than ", problem)


@pytest.mark.parametrize("name", sorted({name for name, _, _ in LIMITS}))
@pytest.mark.parametrize("value", ["many", "nan", "inf", "-inf", True, [1]])
def test_what_is_no_number_is_refused(name: str, value: object) -> None:
    (problem,) = problems(**{name: value})
    assert problem.startswith(f"{name}: ")


def test_all_problems_are_told_at_once() -> None:
    found = problems(endpoint="x", start_date="x", end_date="x", window_days=99, colour="red")
    assert sorted(problem.split()[0].strip(":") for problem in found) == [
        "colour",
        "end_date",
        "endpoint",
        "start_date",
        "window_days",
    ]


def test_a_misspelt_setting_is_recognised() -> None:
    assert problems(windowdays=3) == (
        "windowdays is no setting of this tap (did you mean window_days?)",
    )


@pytest.mark.parametrize("secret", [4711, ["hunter2"], {"a": "hunter2"}, True])
def test_a_secret_of_the_wrong_type_is_not_shown(secret: object) -> None:
    assert problems(client_secret=secret) == ("client_secret must be text",)


def test_the_end_must_lie_after_the_start_and_the_start_in_the_past() -> None:
    assert problems(end_date="2026-01-01") == ("end_date 2026-01-01 is not after start_date",)
    assert problems(start_date="2026-03-02") == ("start_date 2026-03-02 is in the future",)


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(sorted(SCHEMA["properties"])),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text("07.-TZnaf:/", max_size=9),
        max_size=3,
    )
)
def test_any_configuration_gives_settings_or_problems(config: dict[str, Any]) -> None:
    try:
        found = parse_settings(normalize_config(GIVEN | config), SCHEMA, NOW)
    except SettingsError as error:
        assert error.problems  # noqa: PT017 - either way is right
    else:
        assert found.window > timedelta()
