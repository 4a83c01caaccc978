"""The subcommand cancel: it cancels jobs and reports the result for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.cli.commands import find_jobs
from tap_marketo_bulk.sandbox import Fault, Options
from tests.support.past_job import past_job

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import SandboxClock
    from tests.support.jobs_command import JobsCommand

ADVICE = "The next run of the tap creates the jobs again that it needs."


@pytest.fixture
def options() -> Options:
    """Jobs that run for a minute."""
    return Options(leads=40, activities=60, job_seconds=60)


def test_jobs_are_cancelled_by_id(command: JobsCommand) -> None:
    one, other = command.enqueue("activities"), command.create()
    running = command.enqueue()
    result = command.run("cancel", one, other)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"Cancelled {one} (activities), which was processing.",
        f"Cancelled {other} (leads), which was created.",
        f"2 jobs cancelled. {ADVICE}",
    ]
    assert [command.status(each) for each in (one, other, running)] == [
        "Cancelled",
        "Cancelled",
        "Processing",
    ]


def test_a_job_that_has_ended_is_not_cancelled(
    command: JobsCommand, sandbox_clock: SandboxClock
) -> None:
    completed = command.enqueue()
    sandbox_clock.advance(60)
    result = command.run("cancel", completed)
    assert result.exit_code == 0
    assert result.stdout == f"Not cancelled: {completed} (leads) is completed.\n"
    assert command.status(completed) == "Completed"


def test_all_cancels_every_job_that_has_not_ended(
    command: JobsCommand, sandbox_clock: SandboxClock
) -> None:
    completed = command.enqueue()
    sandbox_clock.advance(60)
    running = [command.enqueue(), command.enqueue("activities"), command.create()]
    result = command.run("cancel", "--all")
    assert result.exit_code == 0
    assert completed not in result.stdout
    assert {command.status(each) for each in running} == {"Cancelled"}
    assert result.stdout.endswith(f"3 jobs cancelled. {ADVICE}\n")
    again = command.run("cancel", "--all")
    assert again.stdout == "Nothing to cancel: every job of the past 7 days has ended.\n"


def test_a_job_that_ends_before_the_call_is_reported_with_its_status(command: JobsCommand) -> None:
    running = command.enqueue()
    # Another client cancels the job first.
    command.sandbox.faults.append(Fault("cancelled", call="cancel"))
    result = command.run("cancel", running)
    assert result.exit_code == 0
    assert result.stdout == f"Not cancelled: {running} (leads) is cancelled.\n"


def test_an_api_error_is_logged(command: JobsCommand, caplog: pytest.LogCaptureFixture) -> None:
    running = command.enqueue()
    command.sandbox.faults.append(Fault("envelope", call="cancel", code="1001", message="No."))
    assert command.run("cancel", running).exit_code == 1
    assert "1001 No." in caplog.text


def test_an_unknown_job_is_an_error_after_the_others_are_cancelled(command: JobsCommand) -> None:
    running = command.enqueue()
    result = command.run("cancel", "nonsense", running)
    assert result.exit_code == 1
    assert command.status(running) == "Cancelled"
    assert result.stderr == ("This API user has no job nonsense in the past 7 days.\n")


def test_the_beginning_of_an_id_is_enough(command: JobsCommand) -> None:
    running, other = command.enqueue(), command.enqueue()
    result = command.run("cancel", running[:8])
    assert result.exit_code == 0
    assert [command.status(each) for each in (running, other)] == ["Cancelled", "Processing"]


@pytest.mark.parametrize("arguments", [(), ("--all", "some-id")])
def test_either_ids_or_all_must_be_passed(command: JobsCommand, arguments: tuple[str, ...]) -> None:
    result = command.run("cancel", *arguments)
    assert result.exit_code == 2
    assert "Pass the ids of the jobs to cancel, or use --all." in result.stderr
    assert command.sandbox.calls == []


def test_a_beginning_that_several_ids_have_selects_no_job() -> None:
    jobs = [past_job("ab1"), past_job("ab2"), past_job("ab")]
    assert find_jobs(jobs, ["a"]) == ([], ["The ids of 3 jobs begin with a: pass more of the id."])
    assert find_jobs(jobs, ["ab"]) == ([jobs[2]], [])
    assert find_jobs(jobs, ["ab2", "ab1", "ab2"]) == (jobs[:2], [])
    assert find_jobs(jobs[:1], [""])[0] == []
