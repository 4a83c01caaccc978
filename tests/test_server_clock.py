"""A local clock that is wrong: what a run reads still ends at a time of Marketo's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.marketo.transport import ConnectionSettings
from tap_marketo_bulk.sandbox import Fault, Options
from tap_marketo_bulk.times import ClockReading, CorrectedClock, corrected_clock, parse_date_header
from tests.support.clock import NOW, TapClock
from tests.support.data_sets import loaded_rows
from tests.support.http_host import Host, http_response
from tests.support.runs import TapRunner, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock

SECOND = timedelta(seconds=1)
LIVE = Options(
    leads=30,
    activities=60,
    new_leads_per_hour=120,
    new_activities_per_hour=600,
    late_seconds=0,
    job_seconds=0,
)


class WrongClock(TapClock):
    """The tap's clock, which shows another time than Marketo's."""

    def __init__(self, sandbox_clock: SandboxClock, minutes: float) -> None:
        """Take how far it is ahead."""
        super().__init__(sandbox_clock)
        self._ahead = timedelta(minutes=minutes)
        self._started += self._ahead

    def now(self) -> datetime:
        """Return the wrong present."""
        return super().now() + self._ahead


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings about clocks."""
    return [text for text in caplog.messages if "The clock of this machine" in text]


# The decision.


@given(
    lead=st.floats(-4000, 4000),
    fraction=st.floats(0, 0.999),
    sending=st.floats(0, 60),
    receiving=st.floats(0, 60),
)
def test_a_corrected_clock_is_ahead_by_at_most_a_second_and_the_time_of_the_request(
    lead: float, fraction: float, sending: float, receiving: float
) -> None:
    responded = NOW + timedelta(seconds=fraction)
    received = responded + timedelta(seconds=receiving)
    reading = ClockReading(
        sent=responded + timedelta(seconds=lead - sending),
        date=NOW,
        received=received + timedelta(seconds=lead),
    )
    ahead = reading.received - reading.local_lead - received
    if reading.local_is_ahead:
        assert ahead <= timedelta()
    else:
        assert ahead <= SECOND + timedelta(seconds=sending)
        assert reading.local_lead == timedelta()
    if lead <= 0:
        assert not reading.local_is_ahead
    if lead >= 0:
        assert not reading.local_is_far_behind


def test_a_slow_response_does_not_make_a_clock_wrong() -> None:
    reading = ClockReading(sent=NOW, date=NOW, received=NOW + timedelta(minutes=10))
    assert not reading.local_is_ahead
    late = ClockReading(sent=NOW, date=NOW + timedelta(minutes=10), received=reading.received)
    assert not late.local_is_far_behind


@pytest.mark.parametrize(("seconds", "count"), [(3, 0), (60, 1)])
def test_a_clock_that_is_ahead_is_corrected_and_reported_if_it_is_far_ahead(
    clock: TapClock, caplog: pytest.LogCaptureFixture, seconds: int, count: int
) -> None:
    reading = ClockReading(sent=NOW, date=NOW - seconds * SECOND, received=NOW)
    assert corrected_clock(clock, reading).now() == NOW - seconds * SECOND
    assert len(warnings(caplog)) == count


def test_without_a_date_the_local_clock_is_trusted(clock: TapClock) -> None:
    assert corrected_clock(clock, None) is clock


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Sun, 01 Mar 2026 00:00:00 GMT", NOW),
        ("Sun, 01 Mar 2026 01:00:00 +0100", NOW),
        ("Sun, 01 Mar 2026 00:00:00 -0000", NOW),
        (None, None),
        ("", None),
        ("soon", None),
        ("Sun, 31 Feb 2026 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -1400", None),
    ],
)
def test_a_date_header_is_an_instant_or_nothing(text: str | None, instant: datetime | None) -> None:
    parsed = parse_date_header(text)
    assert parsed == instant
    assert parsed is None or parsed.tzinfo is UTC


def test_a_corrected_clock_waits_as_the_other_one(clock: TapClock) -> None:
    corrected = CorrectedClock(clock, 20 * SECOND)
    corrected.sleep(12)
    assert clock.pauses == [12]
    assert corrected.monotonic() == clock.monotonic() == 12
    assert corrected.now() == NOW - 8 * SECOND


# What a client reads.


def read_date(clock: TapClock, *headers: str) -> ClockReading | None:
    """Return what a client reads of a token response with these headers."""
    host = Host(http_response({"access_token": "the-token", "expires_in": 3599}, *headers))
    try:
        return Client(
            ConnectionSettings(host.url, "id", "secret", 5.0, "tests"), clock
        ).latest_clock_reading()
    finally:
        host.close()


@pytest.mark.parametrize(
    ("headers", "date"),
    [
        (["Date: Sun, 01 Mar 2026 00:20:00 GMT"], NOW + timedelta(minutes=20)),
        ([], None),
        (["Date: soon"], None),
    ],
)
def test_a_client_reads_the_clock_of_the_token_response(
    clock: TapClock, headers: list[str], date: datetime | None
) -> None:
    reading = read_date(clock, *headers)
    assert reading == (date and ClockReading(NOW, date, NOW))


def test_a_client_shows_marketos_time_or_the_local_one(
    client: Client, sandbox_clock: SandboxClock
) -> None:
    sandbox_clock.advance(0.5)
    assert client.latest_response_time() == NOW + 0.5 * SECOND
    client.get("/rest/v1/leads/describe.json")
    assert client.latest_response_time() == NOW


def test_a_client_that_had_a_response_reads_its_clock_without_a_call(
    client: Client, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    client.get("/rest/v1/leads/describe.json")
    calls = len(sandbox.calls)
    sandbox_clock.advance(0.5)
    assert client.latest_clock_reading() == ClockReading(NOW, NOW, NOW)
    assert len(sandbox.calls) == calls


def test_a_token_is_requested_again_after_a_temporary_failure(
    client: Client, sandbox: Sandbox
) -> None:
    sandbox.faults.append(Fault("reset", call="token"))
    assert client.latest_clock_reading()
    assert [call.name for call in sandbox.calls] == ["token", "token"]


# Whole runs.


@pytest.mark.parametrize("options", [LIVE])
def test_no_update_is_lost_with_a_clock_that_is_ahead_by_more_than_the_lag(
    sandbox: Sandbox, sandbox_clock: SandboxClock, caplog: pytest.LogCaptureFixture
) -> None:
    tap = TapRunner(
        sandbox, WrongClock(sandbox_clock, minutes=20), {"activity_lookback_minutes": 0}
    )
    first = tap.run(config={"poll_seconds": 1})
    assert first.bookmark("leads")["replication_key_value"] == "2026-02-28T23:45:00Z"
    (message,) = warnings(caplog)
    assert "shows 2026-03-01T00:20:00Z, but Marketo's shows 2026-03-01T00:00:00Z" in message
    assert "this run goes by Marketo's clock" in message
    sandbox_clock.advance(3600)
    second = tap.run(config={"poll_seconds": 1, "lag_minutes": 0}, state=first.state)
    span = {"createdAt": {"startAt": "2026-02-28T23:00:00Z", "endAt": "2026-03-01T01:00:00Z"}}
    assert not set(sandbox.expected.activities(span)) - set(
        loaded_rows([first, second], "activities")
    )


@pytest.mark.parametrize("options", [LIVE])
def test_a_run_that_makes_no_call_before_its_plan_goes_by_marketos_clock_too(
    sandbox: Sandbox, sandbox_clock: SandboxClock, clock: TapClock
) -> None:
    catalog = selecting(TapRunner(sandbox, clock).discover(), "activities")
    tap = TapRunner(sandbox, WrongClock(sandbox_clock, minutes=20), {"poll_seconds": 1})
    run = tap.run(catalog=catalog)
    assert run.bookmark("activities")["replication_key_value"] == "2026-02-28T23:45:00Z"


@pytest.mark.parametrize(
    ("minutes", "bookmark", "count"),
    [
        (-20, "2026-02-28T23:25:00Z", 1),
        (-4, "2026-02-28T23:41:00Z", 0),
        (0.01, "2026-02-28T23:45:00Z", 0),
    ],
)
@pytest.mark.parametrize("options", [Options(leads=5, activities=5, job_seconds=0)])
def test_a_clock_that_is_not_ahead_is_kept_and_reported_only_if_it_is_far_behind(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, minutes: float, bookmark: str, count: int
) -> None:
    tap = TapRunner(sandbox, WrongClock(sandbox.clock, minutes), {"poll_seconds": 1})
    assert tap.run().bookmark("leads")["replication_key_value"] == bookmark
    messages = warnings(caplog)
    assert len(messages) == count
    assert all("No data is lost" in text for text in messages)
