"""Records that Marketo does not keep any more: windows that are left out, and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.marketo.retention import retention_of
from tap_marketo_bulk.sandbox import Options
from tests.support.data_sets import export_requests
from tests.support.runs import logged_warnings, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import RunResult, TapRunner

MAILS, FORMS = "activities_send_email", "activities_fill_out_form"
CONFIG = {"start_date": "2024-01-01", "lag_minutes": 0, "poll_seconds": 0.001}
# The tests run at 2026-03-01: 90 days and 25 months before it.
NINETY_DAYS_AGO, MONTHS_AGO = "2025-12-01T00:00:00Z", "2024-01-16T00:00:00Z"


@pytest.fixture
def options() -> Options:
    """A small subscription in which nothing is delayed."""
    return Options(leads=60, activities=10, late_seconds=0, job_seconds=0)


def read(tap: TapRunner, *streams: str, **options: Any) -> RunResult:  # noqa: ANN401 - the tap's own
    config = CONFIG | options.pop("config", {})
    run = tap.run(catalog=selecting(tap.discover(), *streams), config=config, **options)
    assert run.error is None
    return run


def starts(sandbox: Sandbox) -> list[str]:
    """The beginnings of the windows of all activity exports, in order."""
    requests = export_requests(sandbox, "activities")
    return [request["filter"]["createdAt"]["startAt"] for request in requests]


@pytest.mark.parametrize(
    ("names", "longest", "shortest"),
    [
        (["Send Email"], 90, 90),
        (["send email", "Open Email"], 775, 90),
        (["Open Email", "Custom"], 775, 775),
        (["New Lead"], None, None),
        (["New Lead", "Change Score"], None, 90),
        ([], None, 90),
    ],
)
def test_retention_is_that_of_the_type_that_is_kept_longest_or_shortest(
    names: list[str], longest: int | None, shortest: int | None
) -> None:
    retention = retention_of(names)
    assert (retention.longest.days if retention.longest else None) == longest
    assert (retention.shortest.days if retention.shortest else None) == shortest


@pytest.mark.parametrize(
    ("stream", "config", "first"),
    [
        (MAILS, {"activity_retention": "standard"}, NINETY_DAYS_AGO),
        (FORMS, {"activity_retention": "standard"}, MONTHS_AGO),
        (MAILS, {}, "2024-01-01T00:00:00Z"),
        ("activities", {"activity_retention": "standard"}, "2024-01-01T00:00:00Z"),
        (
            "activities",
            {"activity_retention": "standard", "activity_type_ids": [6, 13]},
            NINETY_DAYS_AGO,
        ),
    ],
)
def test_windows_are_left_out_only_where_no_selected_type_can_have_rows(
    tap: TapRunner, sandbox: Sandbox, stream: str, config: dict[str, object], first: str
) -> None:
    read(tap, stream, config=config)
    assert starts(sandbox)[0] == first


def test_windows_that_were_left_out_are_read_when_the_setting_is_taken_back(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    first = read(tap, MAILS, config={"activity_retention": "standard"})
    before = len(sandbox.jobs)
    read(tap, MAILS, state=first.state)
    assert starts(sandbox)[before] == "2024-01-01T00:00:00Z"
    ends = [
        request["filter"]["createdAt"]["endAt"]
        for request in export_requests(sandbox, "activities")[before:]
    ]
    assert NINETY_DAYS_AGO in ends


@pytest.mark.parametrize(
    ("stream", "setting", "text"),
    [
        (MAILS, "none", "keeps the records of 90 days by its standard. Windows before 2025-12-01"),
        (MAILS, "standard", "Windows before 2025-12-01T00:00:00Z are left out."),
        ("activities", "none", "keeps the records of 90 days of some types"),
    ],
)
def test_the_first_run_and_no_later_one_logs_what_is_beyond_retention(
    tap: TapRunner, caplog: pytest.LogCaptureFixture, stream: str, setting: str, text: str
) -> None:
    caplog.set_level("INFO")
    first = read(tap, stream, config={"activity_retention": setting})
    assert caplog.text.count(f"{stream}: Marketo") == 1
    assert text in caplog.text
    caplog.clear()
    read(tap, stream, config={"activity_retention": setting}, state=first.state)
    assert f"{stream}: Marketo" not in caplog.text


def test_leads_have_no_note_about_retention(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    read(tap, "leads")
    assert "by its standard" not in caplog.text


def state_of(stream: str, bookmark: str, key: str = "activityDate") -> dict[str, Any]:
    """Return a state in which a stream was read up to an instant."""
    entry = {"replication_key": key, "replication_key_value": bookmark}
    return {"bookmarks": {stream: entry}}


@pytest.mark.parametrize(
    ("stream", "key", "old", "recent", "days"),
    [
        ("deleted_leads", "activityDate", "2026-02-01T00:00:00Z", "2026-02-20T00:00:00Z", 14),
        (MAILS, "activityDate", "2025-11-01T00:00:00Z", "2025-12-24T00:00:00Z", 90),
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


@pytest.mark.parametrize(
    ("setting", "since"), [("none", "2024-01-01"), ("standard", "2026-02-15T00:00:00Z")]
)
def test_deletions_are_read_from_the_start_date_or_for_fourteen_days(
    tap: TapRunner, sandbox: Sandbox, setting: str, since: str
) -> None:
    run = read(tap, "deleted_leads", config={"activity_retention": setting})
    assert all(record["activityDate"] >= since for record in run.records("deleted_leads"))
    expected = {
        key
        for key, deletion in sandbox.expected.deleted_leads().items()
        if str(deletion["activityDate"]) >= since
    }
    found = {record["marketoGUID"] for record in run.records("deleted_leads")}
    assert found == expected
