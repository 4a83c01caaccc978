"""The state directory, from one run to the next."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tap_marketo_bulk.sandbox.edge_cases import ALL_EDGE_CASES
from tap_marketo_bulk.sandbox.state_directory import StateDirectoryError
from tests.support.api_client import CREATED, JobClient, SandboxClient

SMALL = Options(leads=200, activities=100, edge_cases=ALL_EDGE_CASES)


def test_a_second_run_has_the_same_data_set_with_later_changes(
    clock: SandboxClock, tmp_path: Path
) -> None:
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path / "new") as first:
        before = first.expected.leads()
    clock.advance(86_400)
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path / "new") as second:
        assert second.created_at == clock.now() - timedelta(days=1)
        assert second.expected.leads(at=second.created_at) == before
        assert second.expected.leads() != before
        assert second.client_secret == first.client_secret


def test_jobs_files_and_used_quota_are_kept(clock: SandboxClock, tmp_path: Path) -> None:
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as first, SandboxClient(first) as client:
        done, running, created = client.enqueue_job(), client.create_job(), client.create_job()
        clock.advance(1)
        content = done.get_file().content + done.get_file().content
        running.enqueue()
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as second, SandboxClient(second) as client:
        jobs = [JobClient(client, job.path) for job in (done, running, created)]
        assert [job.status()["status"] for job in jobs] == ["Completed", "Processing", "Created"]
        assert second.quota_used == len(content)
        assert jobs[0].get_file().content * 2 == content
        clock.advance(1)
        assert jobs[1].status()["status"] == "Completed"
        assert second.jobs[0] == first.jobs[0].__class__(
            **{**vars(first.jobs[0]), "downloads": 3, "bytes_sent": len(content) * 3 // 2}
        )


def test_the_faults_of_a_job_are_not_saved(clock: SandboxClock, tmp_path: Path) -> None:
    stuck = [Fault("stuck")]
    with (
        Sandbox(SMALL, clock=clock, faults=stuck, state_dir=tmp_path) as one,
        SandboxClient(one) as client,
    ):
        client.enqueue_job()
    clock.advance(1)
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as other:
        assert other.jobs[0].status == "Completed"


def test_jobs_do_not_end_while_the_sandbox_does_not_serve(
    clock: SandboxClock, tmp_path: Path
) -> None:
    with (
        Sandbox(SMALL, clock=clock, state_dir=tmp_path) as sandbox,
        SandboxClient(sandbox) as client,
    ):
        client.enqueue_job().status()
    clock.advance(1)
    assert [job.status for job in sandbox.jobs] == ["Processing"]
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as other:
        assert [job.status for job in other.jobs] == ["Completed"]


def test_other_options_than_the_saved_ones_are_an_error(
    clock: SandboxClock, tmp_path: Path
) -> None:
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path):
        pass
    with pytest.raises(
        StateDirectoryError, match=r"a data set with other options: \{'seed': 1, 'leads': 200"
    ):
        Sandbox(Options(leads=201, activities=100), clock=clock, state_dir=tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"birth": 1}'])
def test_a_file_that_the_sandbox_did_not_write_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "world.json").write_text(content)
    with pytest.raises(
        StateDirectoryError, match=r"world\.json was not written by marketo-sandbox"
    ):
        Sandbox(SMALL, state_dir=tmp_path)


def test_a_path_that_is_not_a_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateDirectoryError, match="cannot be used: File exists"):
        Sandbox(SMALL, state_dir=tmp_path / "file")


def test_the_state_contains_no_secret(clock: SandboxClock, tmp_path: Path) -> None:
    with (
        Sandbox(SMALL, clock=clock, state_dir=tmp_path) as sandbox,
        SandboxClient(sandbox) as client,
    ):
        client.enqueue_job()
        token = sandbox.tokens[0]
    text = (tmp_path / "world.json").read_text()
    assert token not in text
    assert sandbox.client_secret not in text
    assert json.loads(text)["jobs"][0]["status"] == "Queued"


def test_jobs_older_than_seven_days_are_deleted_with_their_files(
    clock: SandboxClock, tmp_path: Path
) -> None:
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as first, SandboxClient(first) as client:
        client.enqueue_job()
        client.create_job()
        clock.advance(3000)
        kept = client.enqueue_job()
        clock.advance(1)
        assert kept.get_file().ok
        assert len(list(tmp_path.iterdir())) == 3
    clock.advance(7 * 86_400 - 3000)
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as second:
        assert [job.export_id for job in second.jobs] == [kept.export_id]
    assert {file.name for file in tmp_path.iterdir()} == {"world.json", kept.export_id}


def test_the_format_of_released_versions_can_be_read(clock: SandboxClock, tmp_path: Path) -> None:
    export_id = "5fcc4bd0-2dbd-4b01-b5c3-0f4f0d7e2c11"
    request = {"fields": ["id"], "filter": CREATED}
    saved: dict[str, Any] = {
        "birth": "2026-02-28T12:00:00+00:00",
        "world": {
            "seed": 1,
            "leads": 200,
            "activities": 100,
            "history_days": 365,
            "many_fields": 0,
            "lead_padding_bytes": 0,
        },
        "jobs": [
            {
                "export_id": export_id,
                "object": "leads",
                "user": Sandbox(SMALL).client_id,
                "request": request,
                "status": "Completed",
                "number_of_records": 1,
                "file_size": 11,
                "file_checksum": "sha256:0",
                "error": None,
                "downloads": 2,
                "bytes_sent": 22,
                "created_at": "2026-03-01T11:00:00+00:00",
                "queued_at": "2026-03-01T11:00:01+00:00",
                "started_at": "2026-03-01T11:00:02+00:00",
                "finished_at": "2026-03-01T11:00:03+00:00",
            }
        ],
        "charges": [["2026-03-01T11:30:00+00:00", 11]],
    }
    (tmp_path / "world.json").write_text(json.dumps(saved))
    (tmp_path / export_id).write_bytes(b"id\n1000001\n")
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as sandbox:
        (job,) = sandbox.jobs
        assert (job.request, job.status, job.downloads) == (request, "Completed", 2)
        assert job.finished_at == datetime(2026, 3, 1, 11, 0, 3, tzinfo=UTC)
        assert job.path == tmp_path / export_id
        assert sandbox.created_at == datetime(2026, 2, 28, 12, tzinfo=UTC)
        assert sandbox.quota_used == 22
    # Versions that did not save the edge cases had all of them.
    saved["world"]["edge_cases"] = sorted(ALL_EDGE_CASES)
    assert json.loads((tmp_path / "world.json").read_text()) == saved
