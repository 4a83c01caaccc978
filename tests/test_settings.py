"""From a configuration to settings: formats, limits, and all problems in one error."""

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
from tap_marketo_bulk.settings.config import normalize_config, parse_settings
from tap_marketo_bulk.settings.settings import build_schema
from tap_marketo_bulk.tap import TapMarketoBulk
from tests.support.settings import NOW, REQUIRED, SCHEMA, problems, settings


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
def test_every_format_of_the_endpoint_gives_the_same_base_url(endpoint: str) -> None:
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
def test_loopback_may_use_http_and_a_path_is_kept(endpoint: str, base_url: str) -> None:
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
def test_an_invalid_or_unsafe_endpoint_is_a_problem(endpoint: str) -> None:
    (problem,) = problems(endpoint=endpoint)
    assert problem.startswith("endpoint ")


@pytest.mark.parametrize(
    "endpoint", ["https://app-ab12.marketo.com", "https://experience.adobe.com/#/@me/marketo"]
)
def test_the_problem_of_an_address_of_pages_names_the_address_of_the_api(endpoint: str) -> None:
    (problem,) = problems(endpoint=endpoint)
    assert problem == (
        "endpoint is the address of Marketo's pages; that of the API is "
        "https://<munchkin id>.mktorest.com, from Admin > Web Services"
    )


@pytest.mark.parametrize("name", ["client_id", "client_secret"])
def test_a_credential_has_no_white_space_around_it(name: str) -> None:
    assert getattr(settings(**{name: " of-me\n"}).connection, name) == "of-me"
    assert problems(**{name: " "}) == (f"{name} is missing",)


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


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("soon", "is neither a date nor a date-time"),
        ("2026-13-01", "is neither a date nor a date-time"),
        ("2026-01-31T25:00:00Z", "is neither a date nor a date-time"),
        ("1", "is neither a date nor a date-time"),
        ("20260131T00", "has no time zone"),
        # What Meltano makes of 2026-13-01.
        ("2026-01-13T00:00:00", "has no time zone"),
    ],
)
def test_the_problem_of_an_invalid_date_names_the_formats(text: str, problem: str) -> None:
    (found,) = problems(start_date=text)
    assert found == (
        f"start_date {text!r} {problem}: write YYYY-MM-DD, or a date-time with a time zone such as "
        "2026-01-31T00:00:00Z"
    )


def test_a_setting_that_is_not_set_has_its_default() -> None:
    plain = settings(end_date="", user_agent=None)
    assert plain.end is None
    assert plain.window == timedelta(days=31)
    assert plain.lag == timedelta(minutes=15)
    assert plain.activity_lookback == timedelta(hours=1)
    assert (plain.on_quota_exceeded, plain.invalid_values) == ("fail", "null")
    assert plain.job_policy.poll_seconds == 60
    assert plain.job_policy.job_timeout_seconds == 4 * 3600
    assert plain.job_policy.max_jobs_in_flight == 4
    assert plain.connection.request_timeout_seconds == 300
    assert plain.connection.user_agent.startswith("tap-marketo-bulk/")


def test_numbers_can_be_text_and_decimals() -> None:
    given = settings(window_days="1.5", max_jobs_in_flight="2.0", poll_seconds=Decimal("0.25"))
    assert given.window == timedelta(days=1.5)
    assert given.job_policy.max_jobs_in_flight == 2
    assert given.job_policy.poll_seconds == 0.25


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
def test_a_value_beyond_its_limit_is_a_problem(name: str, least: float, beyond: float) -> None:
    settings(**{name: least})
    (problem,) = problems(**{name: beyond})
    assert re.match(rf"{name}: \S+ is (less|greater) than ", problem)


@pytest.mark.parametrize("name", sorted({name for name, _, _ in LIMITS}))
@pytest.mark.parametrize("value", ["many", "nan", "inf", "-inf", True, [1]])
def test_a_value_that_is_not_a_number_is_a_problem(name: str, value: object) -> None:
    (problem,) = problems(**{name: value})
    assert problem.startswith(f"{name}: ")


def test_all_problems_are_reported_together() -> None:
    found = problems(endpoint="x", start_date="x", end_date="x", window_days=99, colour="red")
    assert sorted(
        problem.removeprefix("unknown setting ").split()[0].strip(":") for problem in found
    ) == [
        "colour",
        "end_date",
        "endpoint",
        "start_date",
        "window_days",
    ]


def test_an_unknown_setting_is_a_problem_that_names_a_similar_one() -> None:
    assert problems(windowdays=3) == ("unknown setting windowdays (did you mean window_days?)",)
    assert problems(colour="red") == ("unknown setting colour",)


def test_a_removed_setting_is_a_problem_that_says_why_it_is_not_needed() -> None:
    (problem,) = problems(activity_retention="standard")
    assert problem.startswith("activity_retention was removed: delete it from the configuration")
    assert "a window without records uses no export quota" in problem
    assert settings(activity_retention=None) == settings()


@pytest.mark.parametrize("secret", [4711, ["hunter2"], {"a": "hunter2"}, True])
def test_a_secret_of_the_wrong_type_is_not_shown(secret: object) -> None:
    assert problems(client_secret=secret) == ("client_secret must be text",)


def test_the_end_date_must_be_after_the_start_date_and_the_start_date_in_the_past() -> None:
    assert problems(end_date="2026-01-01") == ("end_date 2026-01-01 is not after start_date",)
    assert problems(start_date="2026-03-02") == ("start_date 2026-03-02 is in the future",)


def test_the_message_lists_the_problems() -> None:
    with pytest.raises(SettingsError) as caught:
        settings(start_date="2026-03-02", colour="red")
    assert str(caught.value) == (
        "Invalid configuration: unknown setting colour; start_date 2026-03-02 is in the future."
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [("start_date", "0001-01-01T00:00:00+14:00"), ("end_date", "9999-12-31T23:59:59-14:00")],
)
def test_a_date_out_of_range_in_utc_is_a_problem(name: str, text: str) -> None:
    assert problems(**{name: text}) == (f"{name} {text!r} is, in UTC, not in the years 1 to 9999",)


@pytest.mark.parametrize(
    "user_agent", ["Tap/1 \u2013 test", "Tap\r\nX: 1", "Tap\n1", "a\tb", "\x7f"]
)
def test_a_user_agent_that_no_header_can_contain_is_a_problem(user_agent: str) -> None:
    (problem,) = problems(user_agent=user_agent)
    assert problem.startswith("user_agent contains a ")


def test_a_user_agent_can_have_latin_1_characters() -> None:
    assert settings(user_agent=" Müller/1 ").connection.user_agent == "Müller/1"


@pytest.mark.parametrize("name", ["client_id", "smart_list_name"])
def test_text_with_a_lone_surrogate_is_a_problem(name: str) -> None:
    # A byte of an environment variable that is not UTF-8.
    assert problems(**{name: "a\udc80"}) == (f"{name} is not valid UTF-8 text",)


@pytest.mark.parametrize(
    ("value", "policy"), [(None, "null"), ("null", "null"), ("", "null"), ("fail", "fail")]
)
def test_the_default_of_invalid_values_is_null(value: str | None, policy: str) -> None:
    assert settings(invalid_values=value).invalid_values == policy


def test_each_schema_is_a_new_one() -> None:
    changed = build_schema()
    TapMarketoBulk.append_builtin_config(changed)
    changed["properties"]["endpoint"]["title"] = "Changed"
    assert "stream_maps" in changed["properties"]
    assert build_schema() == SCHEMA
    assert "stream_maps" not in SCHEMA["properties"]


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
        found = parse_settings(normalize_config(REQUIRED | config, SCHEMA), SCHEMA, NOW)
    except SettingsError as error:
        assert error.problems  # noqa: PT017 - both outcomes are allowed
    else:
        assert found.window > timedelta()
