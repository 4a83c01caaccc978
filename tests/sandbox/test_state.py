"""A world that is kept in a directory."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tap_marketo_bulk.sandbox import Clock, Fault, Options, Sandbox
from tap_marketo_bulk.sandbox.state import StateError
from tests.support.api_client import Client, ExportJob

SMALL = Options(leads=200, activities=100)


def test_a_second_run_finds_the_same_world_changed(clock: Clock, tmp_path: Path) -> None:
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path / "new") as first:
        before = first.expected.leads()
    clock.advance(86_400)
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path / "new") as second:
        assert second.created_at == clock.now() - timedelta(days=1)
        assert second.expected.leads(at=second.created_at) == before
        assert second.expected.leads() != before
        assert second.client_secret == first.client_secret


def test_jobs_their_files_and_the_quota_are_kept(clock: Clock, tmp_path: Path) -> None:
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as first, Client(first) as client:
        done, running, created = client.queued(), client.created(), client.created()
        clock.advance(1)
        content = done.file().content + done.file().content
        running.enqueue()
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as second, Client(second) as client:
        jobs = [ExportJob(client, job.path) for job in (done, running, created)]
        assert [job.status()["status"] for job in jobs] == ["Completed", "Processing", "Created"]
        assert second.quota_used == len(content)
        assert jobs[0].file().content * 2 == content
        clock.advance(1)
        assert jobs[1].status()["status"] == "Completed"
        assert second.jobs[0] == first.jobs[0].__class__(
            **{**vars(first.jobs[0]), "downloads": 3, "bytes_sent": len(content) * 3 // 2}
        )


def test_a_fault_leaves_no_trace_in_the_state(clock: Clock, tmp_path: Path) -> None:
    stuck = [Fault("stuck")]
    with (
        Sandbox(SMALL, clock=clock, faults=stuck, state_dir=tmp_path) as one,
        Client(one) as client,
    ):
        client.queued()
    clock.advance(1)
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as other:
        assert other.jobs[0].status == "Completed"


def test_nothing_happens_to_jobs_while_nobody_serves_them(clock: Clock, tmp_path: Path) -> None:
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as sandbox, Client(sandbox) as client:
        client.queued().status()
    clock.advance(1)
    assert [job.status for job in sandbox.jobs] == ["Processing"]
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as other:
        assert [job.status for job in other.jobs] == ["Completed"]


def test_a_world_of_other_options_is_refused(clock: Clock, tmp_path: Path) -> None:
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path):
        pass
    with pytest.raises(StateError, match=r"a world of other options: \{'seed': 1, 'leads': 200"):
        Sandbox(Options(leads=201, activities=100), clock=clock, state_dir=tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"birth": 1}'])
def test_what_the_sandbox_did_not_write_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "world.json").write_text(content)
    with pytest.raises(StateError, match=r"world\.json was not written by marketo-sandbox"):
        Sandbox(SMALL, state_dir=tmp_path)


def test_a_place_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be used: File exists"):
        Sandbox(SMALL, state_dir=tmp_path / "file")


def test_the_state_holds_no_token(clock: Clock, tmp_path: Path) -> None:
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as sandbox, Client(sandbox) as client:
        client.queued()
        token = sandbox.tokens[0]
    text = (tmp_path / "world.json").read_text()
    assert token not in text
    assert sandbox.client_secret not in text
    assert json.loads(text)["jobs"][0]["status"] == "Queued"


def test_jobs_of_last_week_and_their_files_are_forgotten(clock: Clock, tmp_path: Path) -> None:
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as first, Client(first) as client:
        client.queued()
        client.created()
        clock.advance(3000)
        kept = client.queued()
        clock.advance(1)
        assert kept.file().ok
        assert len(list(tmp_path.iterdir())) == 3
    clock.advance(7 * 86_400 - 3000)
    with Sandbox(SMALL, clock=clock, state_dir=tmp_path) as second:
        assert [job.export_id for job in second.jobs] == [kept.path[-36:]]
    assert {file.name for file in tmp_path.iterdir()} == {"world.json", kept.path[-36:]}
