"""A whole export in few lines: an example of the use of the sandbox in tests."""

from tap_marketo_bulk.sandbox import SandboxClock
from tests.support.api_client import CREATED

from .conftest import StartSandbox


def test_a_client_can_export_leads(start: StartSandbox, clock: SandboxClock) -> None:
    sandbox, client = start()
    job = client.enqueue_job()
    clock.advance(1)
    status = job.status()
    lines = job.get_file().text.splitlines()
    expected = sandbox.expected.leads(CREATED)
    assert status["numberOfRecords"] == len(expected) > 0
    assert [int(line) for line in lines[1:]] == list(expected)
