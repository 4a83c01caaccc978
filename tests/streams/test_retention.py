"""Records that Marketo does not keep any more: notes and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.sandbox import Options
from tests.support.runs import logged_warnings, selecting

if TYPE_CHECKING:
    from tests.support.runs import RunResult, TapRunner

MAILS = "activities_send_email"
CONFIG = {"start_date": "2024-01-01", "lag_minutes": 0, "poll_seconds": 0.001}


@pytest.fixture
def options() -> Options:
    """A small subscription in which nothing is delayed."""
    return Options(leads=60, activities=10, late_seconds=0, job_seconds=0)


def read(tap: TapRunner, *streams: str, **options: Any) -> RunResult:  # noqa: ANN401 - the tap's own
    config = CONFIG | options.pop("config", {})
    run = tap.run(catalog=selecting(tap.discover(), *streams), config=config, **options)
    assert run.error is None
    return run


def test_the_first_run_and_no_later_one_logs_what_marketo_may_not_keep(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    first = read(tap, MAILS)
    assert caplog.text.count("Marketo keeps activities of some types") == 1
    assert "Windows before 2025-12-01T00:00:00Z" in caplog.text
    caplog.clear()
    read(tap, MAILS, state=first.state)
    read(tap, "leads")
    assert "Marketo keeps activities" not in caplog.text


def state_of(stream: str, bookmark: str, key: str = "activityDate") -> dict[str, Any]:
    """Return a state in which a stream was read up to an instant."""
    entry = {"replication_key": key, "replication_key_value": bookmark}
    return {"bookmarks": {stream: entry}}


@pytest.mark.parametrize(
    ("stream", "key", "old", "recent", "days"),
    [
        ("deleted_leads", "activityDate", "2026-02-01T00:00:00Z", "2026-02-20T00:00:00Z", 14),
        ("usage", "date", "2026-02-10T00:00:00Z", "2026-02-25T00:00:00Z", 7),
    ],
)
def test_a_bookmark_that_is_older_than_retention_is_a_warning(  # noqa: PLR0913, PLR0917 - one case each
    tap: TapRunner,
    caplog: pytest.LogCaptureFixture,
    stream: str,
    key: str,
    old: str,
    recent: str,
    days: int,
) -> None:
    read(tap, stream, state=state_of(stream, recent, key))
    assert not logged_warnings(caplog, "may be lost for good")
    read(tap, stream, state=state_of(stream, old, key))
    (warning,) = logged_warnings(caplog, "may be lost for good")
    assert f"The bookmark of {stream} is {old}" in warning
    assert f"the records of {days} days" in warning
