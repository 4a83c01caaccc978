"""What a whole run logs: the plan, two lines for each job, and a summary at the end."""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.sandbox import Fault
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.runs import selecting

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import TapCommand
    from tests.support.runs import RunResult, TapRunner

unchanging = pytest.mark.parametrize("options", [UNCHANGING])
USED_UP = Fault(
    "envelope",
    call="create",
    code="1029",
    message="Export daily quota exceeded",
    times=None,
    skip=3,
)
STRUCTURED_LOG = """
version: 1
disable_existing_loggers: false
formatters:
  structured:
    (): singer_sdk.logging.StructuredFormatter
handlers:
  stderr:
    class: logging.StreamHandler
    formatter: structured
    stream: ext://sys.stderr
root:
  level: INFO
  handlers: [stderr]
"""


@pytest.fixture(autouse=True)
def _log_of_users(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def summaries(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return the summaries in the fields of log records."""
    found = [getattr(record, "run_summary", None) for record in caplog.records]
    return [each for each in found if each]


def by_stream(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["stream"]: each for each in summary["streams"]}


def lines_of(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [message for message in caplog.messages if text in message]


@unchanging
def test_each_job_has_two_lines(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    assert tap.run(config=WHOLE_HISTORY).error is None
    assert lines_of(caplog, "planned") == ["6 jobs planned: 3 activities, 3 leads"]
    assert len(sandbox.jobs) == 6
    for job in sandbox.jobs:
        submitted, done = lines_of(caplog, job.export_id[:8])
        window, _, event = submitted.partition(": ")
        assert event == f"job {job.export_id[:8]} queued"
        assert done.startswith(f"{window}: {job.number_of_records} record")
        assert done.endswith("s in Marketo")
    assert lines_of(caplog, sandbox.jobs[0].export_id) == []
    titles = [text.partition(": ")[0] for text in lines_of(caplog, "s in Marketo")]
    dates = ["2025-12-30 to 2026-01-20", "2026-01-20 to 2026-02-10"]
    dates.append("2026-02-10 to 2026-02-28T23:45:00Z")
    assert titles == [
        f"{stream} {number}/3 {each}"
        for stream in ("activities", "leads")
        for number, each in enumerate(dates, start=1)
    ]


@unchanging
def test_the_summary_has_what_was_read_of_each_stream(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    run = tap.run(config=WHOLE_HISTORY)
    (summary,) = summaries(caplog)
    assert summary["outcome"] == "success"
    assert summary["unfinished_jobs"] == 0
    assert summary["bytes_today"] == sandbox.quota_used > 0
    assert summary["waiting_seconds"] > 0
    records = Counter(it["stream"] for it in run.messages if it["type"] == "RECORD")
    streams = by_stream(summary)
    assert {name: each["records"] for name, each in streams.items()} == {
        name: records[name] for name in streams
    }
    assert set(records) <= set(streams)
    for name in ("leads", "activities"):
        jobs = [job for job in sandbox.jobs if job.object == name]
        assert streams[name]["jobs"] == len(jobs) == 3
        assert streams[name]["bytes"] == sum(job.file_size or 0 for job in jobs)
        assert streams[name]["complete_until"] == "2026-02-28T23:45:00Z"
    assert streams["lead_describe"]["complete_until"] is None
    (line,) = lines_of(caplog, "  leads: ")
    assert line.endswith(" kB, 3 jobs, complete until 2026-02-28T23:45:00Z")


@unchanging
def test_records_that_the_sdk_writes_are_counted_too(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    run = tap.run(config=WHOLE_HISTORY | {"stream_maps": {"leads": {"city": "city"}}})
    (summary,) = summaries(caplog)
    assert by_stream(summary)["leads"]["records"] == len(run.records("leads")) > 0


@unchanging
def test_a_stream_that_is_not_selected_has_the_jobs_of_its_typed_streams(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    name = "activities_send_email"
    catalog = selecting(tap.discover(), name)
    run = tap.run(config=WHOLE_HISTORY, catalog=catalog)
    (summary,) = summaries(caplog)
    owner, typed = summary["streams"]
    assert (owner["stream"], owner["is_selected"], owner["jobs"]) == ("activities", False, 3)
    assert (typed["stream"], typed["is_selected"], typed["jobs"]) == (name, True, 0)
    assert typed["records"] == len(run.records(name)) > 0
    assert typed["complete_until"] == "2026-02-28T23:45:00Z"


@pytest.mark.parametrize(
    "options", [replace(UNCHANGING, fraction_in_integer=True, leads=60, seed=1)]
)
def test_the_summary_has_the_number_of_invalid_values(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    run = tap.run(config=WHOLE_HISTORY)
    (summary,) = summaries(caplog)
    invalid = [record for record in run.records("leads") if "_invalid_values" in record]
    assert by_stream(summary)["leads"]["invalid_values"] == len(invalid) > 0


@unchanging
def test_after_an_error_the_summary_has_what_was_read_and_what_is_left(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.append(Fault("wrong_count", call="status", object="leads", times=None))
    run = tap.run(config=WHOLE_HISTORY)
    assert run.error
    (summary,) = summaries(caplog)
    assert summary["outcome"] == "error"
    streams = by_stream(summary)
    assert streams["activities"]["jobs"] == 3
    assert streams["leads"]["jobs"] == 0
    assert streams["leads"]["complete_until"] is None
    exports = run.bookmark("leads").get("jobs", ())
    assert summary["unfinished_jobs"] == len(exports) > 0
    assert lines_of(caplog, f"; the next run resumes {len(exports)} job")


@unchanging
def test_a_resumed_job_is_in_the_plan_in_its_line_and_in_the_summary(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.append(USED_UP)
    first = tap.run(config=WHOLE_HISTORY, stop_after=20)
    sandbox.faults.clear()
    caplog.clear()
    again = tap.run(config=WHOLE_HISTORY, state=first.state)
    assert again.error is None
    (plan,) = lines_of(caplog, "planned")
    resumed = lines_of(caplog, " of an earlier run resumed, ")
    (summary,) = summaries(caplog)
    count = sum(each["resumed_jobs"] for each in summary["streams"])
    assert count > 0
    assert plan.endswith(f"; {count} of them from an earlier run")
    assert len(resumed) == count
    assert f"({count} resumed)" in "".join(lines_of(caplog, " resumed), complete until"))


@unchanging
@pytest.mark.parametrize("policy", ["fail", "stop"])
def test_the_outcome_of_a_run_that_has_used_up_the_quota_is_quota(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, policy: str
) -> None:
    sandbox.faults.append(USED_UP)
    tap.run(config=WHOLE_HISTORY | {"on_quota_exceeded": policy})
    (summary,) = summaries(caplog)
    assert summary["outcome"] == "quota"
    assert by_stream(summary)["activities"]["jobs"] == 3
    assert by_stream(summary)["leads"]["jobs"] == 0
    assert lines_of(caplog, "Run ended: the daily export quota is used up: ")


@unchanging
def test_the_plan_of_a_later_run_has_an_estimate_by_the_files_of_the_first(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    first = tap.run(config=WHOLE_HISTORY)
    caplog.clear()
    tap.run(config=WHOLE_HISTORY | {"end_date": "2026-02-28T23:50:00Z"}, state=first.state)
    (plan,) = lines_of(caplog, "planned")
    assert plan.startswith("2 jobs planned: 1 activities, 1 leads; about ")
    assert plan.endswith(" kB of the 500 MB a day")
    assert sandbox.quota_used > 0


@unchanging
def test_a_run_with_nothing_new_says_so(tap: TapRunner, caplog: pytest.LogCaptureFixture) -> None:
    config = WHOLE_HISTORY | {"activity_lookback_minutes": 0}
    first = tap.run(config=config)
    caplog.clear()
    tap.run(config=config, state=first.state)
    assert lines_of(caplog, "planned") == ["0 jobs planned"]
    # The job list was not read: there was no reason to.
    (summary,) = summaries(caplog)
    assert summary["bytes_today"] is None


@pytest.mark.parametrize("options", [replace(UNCHANGING, job_seconds=600)])
def test_while_marketo_is_waited_for_a_line_is_logged_each_minute(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    run = tap.run(config=WHOLE_HISTORY, catalog=selecting(tap.discover(), "leads"))
    assert run.error is None
    lines = lines_of(caplog, "Waiting for Marketo: ")
    # Three jobs of ten minutes in two slots.
    assert 16 <= len(lines) <= 20
    assert lines[0] == (
        "Waiting for Marketo: 2 processing, 1 queued, oldest 60 s; 0 of 3 windows done; "
        "0 MB of today's 500 MB"
    )
    assert " 2 of 3 windows done; " in lines[-1]


@unchanging
def test_what_would_be_logged_for_each_stream_or_step_is_not(
    command: TapCommand, sandbox: Sandbox
) -> None:
    result = command.run_process(*command.config(**WHOLE_HISTORY, poll_seconds=0.05))
    assert result.exit_code == 0
    text = "\n".join(result.log)
    assert "Skipping deselected stream" not in text
    assert "Added 'activities_" not in text
    assert " verified: " not in text
    assert len([line for line in result.log if "tap-marketo-bulk.exports" in line]) == 6
    assert len(sandbox.jobs) == 6


@unchanging
def test_a_structured_log_has_the_summary_as_json(
    command: TapCommand, sandbox: Sandbox, tmp_path: Path
) -> None:
    log_config = tmp_path / "logging.yml"
    log_config.write_text(STRUCTURED_LOG)
    arguments = command.config(**WHOLE_HISTORY, poll_seconds=0.05)
    result = command.run_process(*arguments, SINGER_SDK_LOG_CONFIG=str(log_config))
    assert result.exit_code == 0
    records = [json.loads(line) for line in result.log if line.startswith("{")]
    (record,) = [each for each in records if each["extra"].get("run_summary")]
    assert record["message"].startswith("Run completed: ")
    assert record["level"] == "info"
    summary = record["extra"]["run_summary"]
    assert summary["outcome"] == "success"
    assert by_stream(summary)["leads"]["jobs"] == 3
    text = "\n".join(result.log)
    for secret in (sandbox.client_secret, *sandbox.tokens):
        assert secret not in text


@unchanging
def test_an_error_of_discovery_has_no_summary(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.append(Fault("envelope", call="describe", code="1001", times=None))
    run: RunResult = tap.run_with_discovery(config=WHOLE_HISTORY)
    assert run.error
    assert summaries(caplog) == []
