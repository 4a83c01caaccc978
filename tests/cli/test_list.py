"""The subcommand list: the export jobs of the past seven days."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Fault, Options
from tap_marketo_bulk.texts import megabytes

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import SandboxClock
    from tests.support.jobs_command import JobsCommand


@pytest.mark.parametrize(
    ("output_format", "output"),
    [("table", "No export jobs in the past 7 days.\n"), ("json", "[]\n")],
)
def test_without_jobs_the_output_is_a_message_or_an_empty_list(
    command: JobsCommand, output_format: str, output: str
) -> None:
    result = command.run("list", "--format", output_format)
    assert (result.exit_code, result.stdout) == (0, output)


@pytest.mark.parametrize("options", [Options(leads=40, activities=60, job_seconds=90)])
def test_jobs_are_shown_as_a_table_with_totals(
    command: JobsCommand, sandbox_clock: SandboxClock
) -> None:
    completed = command.enqueue("activities")
    sandbox_clock.advance(90)
    running = command.enqueue()
    sandbox_clock.advance(30)
    created = command.create()
    job = command.sandbox.jobs[0]
    *lines, blank, total = command.run("list").stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["id", "object", "status", "created", "(UTC)", "duration", "records", "size", "error"],
        [created, "leads", "created", "2026-03-01", "00:02:00"],
        [running, "leads", "processing", "2026-03-01", "00:01:30", "30", "s"],
        [
            *(completed, "activities", "completed", "2026-03-01", "00:00:00", "90", "s"),
            *(str(job.number_of_records), *megabytes(job.file_size or 0).split()),
        ],
    ]
    assert blank == ""
    assert total == (
        "3 jobs in the past 7 days: 1 created, 1 processing, 1 completed; "
        f"{megabytes(job.file_size or 0)}."
    )


def test_jobs_can_be_shown_as_json(command: JobsCommand, sandbox_clock: SandboxClock) -> None:
    command.sandbox.faults.append(Fault("fail", message="Out of luck"))
    failed = command.enqueue()
    sandbox_clock.advance(5)
    completed = command.enqueue("activities")
    sandbox_clock.advance(5)
    last = command.sandbox.jobs[-1]
    assert json.loads(command.run("list", "--format", "json").stdout) == [
        {
            "id": completed,
            "object": "activities",
            "status": "completed",
            "created": "2026-03-01T00:00:05Z",
            "duration_seconds": 1.0,
            "records": last.number_of_records,
            "bytes": last.file_size,
            "window": None,
            "error": None,
        },
        {
            "id": failed,
            "object": "leads",
            "status": "failed",
            "created": "2026-03-01T00:00:00Z",
            "duration_seconds": 1.0,
            "records": None,
            "bytes": None,
            "window": None,
            "error": "Out of luck",
        },
    ]


def test_jobs_are_selected_by_status_and_by_time(
    command: JobsCommand, sandbox_clock: SandboxClock
) -> None:
    def listed(*arguments: str) -> list[str]:
        text = command.run("list", "--format", "json", *arguments).stdout
        return [job["id"] for job in json.loads(text)]

    early = command.create()
    sandbox_clock.advance(60)
    late, completed = command.create("activities"), command.enqueue()
    sandbox_clock.advance(60)
    assert sorted(listed()) == sorted([early, late, completed])
    assert listed("--status", "completed") == [completed]
    assert sorted(listed("--status", "CREATED", "--status", "completed")) == sorted(listed())
    assert listed("--since", "2026-03-01T00:01:00Z", "--status", "created") == [late]
    assert listed("--since", "2026-03-01T01:01:00+01:00", "--status", "created") == [late]
    assert len(listed("--since", "2026-03-01")) == 3
    assert command.run("list", "--status", "failed").stdout == (
        "No export job of the past 7 days matches --status and --since.\n"
    )


def test_an_invalid_instant_is_an_error(command: JobsCommand) -> None:
    result = command.run("list", "--since", "yesterday")
    assert result.exit_code == 2
    message = "'yesterday' is not a date or a date-time such as 2026-01-31T12:00:00Z."
    assert message in result.stderr


def test_with_a_state_the_windows_of_its_jobs_are_shown(command: JobsCommand) -> None:
    known, unknown = command.create(), command.create("activities")
    window = {"start": "2026-02-01T00:00:00Z", "end": "2026-02-02T12:00:00Z"}
    export = {"id": known, "request": "0", "horizon": window["end"], **window}
    others = {"other": {"replication_key_value": "1"}}
    state = {"bookmarks": {"leads": {"exports": [export]}, **others}}
    arguments = ("list", "--state", command.write_file("state", {"singer_state": state}))
    jobs = json.loads(command.run(*arguments, "--format", "json").stdout)
    assert {job["id"]: job["window"] for job in jobs} == {known: window, unknown: None}
    lines = command.run(*arguments).stdout.splitlines()
    assert lines[0].endswith("from (UTC)           to (UTC)             error")
    (line,) = [each for each in lines if known in each]
    assert line.endswith("  2026-02-01 00:00:00  2026-02-02 12:00:00")


def test_the_error_of_a_failed_job_is_the_last_column(
    command: JobsCommand, sandbox_clock: SandboxClock
) -> None:
    message = "[red]Out of luck[/red] :smile: " + "because of the weather " * 20
    command.sandbox.faults.append(Fault("fail", message=message))
    failed = command.enqueue()
    sandbox_clock.advance(5)
    (line,) = [each for each in command.run("list").stdout.splitlines() if failed in each]
    assert line.endswith(f"  {message.strip()}")


def test_settings_can_come_from_the_environment(
    command: JobsCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("client_id", "client_secret", "start_date"):
        monkeypatch.delenv(f"TAP_MARKETO_BULK_{name.upper()}", raising=False)
    monkeypatch.setenv("TAP_MARKETO_BULK_ENDPOINT", command.sandbox.url)
    message = command.run_process("list")
    assert "client_id is missing; client_secret is missing" in message
    monkeypatch.setenv("TAP_MARKETO_BULK_CLIENT_ID", command.sandbox.client_id)
    monkeypatch.setenv("TAP_MARKETO_BULK_CLIENT_SECRET", command.sandbox.client_secret)
    monkeypatch.setenv("TAP_MARKETO_BULK_START_DATE", "2026-01-01")
    # The line before is about the clock, which is not that of the sandbox.
    assert command.run_process("list").splitlines()[-1] == "No export jobs in the past 7 days."


def test_an_error_is_one_message(command: JobsCommand, caplog: pytest.LogCaptureFixture) -> None:
    result = command.run("list", client_secret="wrong")  # noqa: S106 - not a secret
    assert result.exit_code == 1
    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "Check client_id and client_secret" in record.getMessage()
