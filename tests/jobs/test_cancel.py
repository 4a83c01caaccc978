"""cancel: stop jobs, and say what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Fault, Options

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import SandboxClock
    from tests.support.jobs_command import Jobs

ADVICE = "The next run of the tap creates the jobs again that it needs."
pytestmark = pytest.mark.parametrize("options", [Options(leads=40, activities=60, job_seconds=60)])


def test_jobs_are_cancelled_by_id(command: Jobs) -> None:
    one, other = command.enqueue("activities"), command.create()
    kept = command.enqueue()
    result = command.run("cancel", one, other)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"Cancelled {other} (leads), which was created.",
        f"Cancelled {one} (activities), which was processing.",
        f"2 jobs cancelled. {ADVICE}",
    ]
    assert [command.status(each) for each in (one, other, kept)] == [
        "Cancelled",
        "Cancelled",
        "Processing",
    ]


def test_what_has_ended_is_left_as_it_is(command: Jobs, sandbox_clock: SandboxClock) -> None:
    done = command.enqueue()
    sandbox_clock.advance(60)
    result = command.run("cancel", done)
    assert result.exit_code == 0
    assert result.stdout == f"Not cancelled: {done} (leads) is completed.\n"
    assert command.status(done) == "Completed"


def test_all_that_has_not_ended_is_cancelled(command: Jobs, sandbox_clock: SandboxClock) -> None:
    done = command.enqueue()
    sandbox_clock.advance(60)
    running = [command.enqueue(), command.enqueue("activities"), command.create()]
    result = command.run("cancel", "--all")
    assert result.exit_code == 0
    assert done not in result.stdout
    assert {command.status(each) for each in running} == {"Cancelled"}
    assert result.stdout.endswith(f"3 jobs cancelled. {ADVICE}\n")
    again = command.run("cancel", "--all")
    assert again.stdout == "Nothing to cancel: every job of the past 7 days has ended.\n"


def test_a_job_that_ends_meanwhile_is_told(command: Jobs) -> None:
    running = command.enqueue()
    # Somebody else is faster.
    command.sandbox.faults.append(Fault("cancelled", call="cancel"))
    result = command.run("cancel", running)
    assert result.exit_code == 0
    assert result.stdout == f"Not cancelled: {running} (leads) is cancelled.\n"


def test_a_refusal_is_told(command: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    running = command.enqueue()
    command.sandbox.faults.append(Fault("envelope", call="cancel", code="1001", message="No."))
    assert command.run("cancel", running).exit_code == 1
    assert "1001 No." in caplog.text


def test_an_unknown_job_is_told_after_the_others_were_cancelled(command: Jobs) -> None:
    running = command.enqueue()
    result = command.run("cancel", "nonsense", running)
    assert result.exit_code == 1
    assert command.status(running) == "Cancelled"
    assert result.stderr == ("This API user has no job nonsense in the past 7 days.\n")


@pytest.mark.parametrize("arguments", [(), ("--all", "some-id")])
def test_either_ids_or_all(command: Jobs, arguments: tuple[str, ...]) -> None:
    result = command.run("cancel", *arguments)
    assert result.exit_code == 2
    assert "Pass the ids of the jobs to cancel, or use --all." in result.stderr
    assert command.sandbox.calls == []
