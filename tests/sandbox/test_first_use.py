"""The shortest way from nothing to an exported file."""

from tap_marketo_bulk.sandbox import Clock
from tests.support.api_client import CREATED

from .conftest import Open


def test_a_client_can_export_leads(start: Open, clock: Clock) -> None:
    sandbox, client = start()
    job = client.queued()
    clock.advance(1)
    status = job.status()
    lines = job.file().text.splitlines()
    truth = sandbox.expected.leads(CREATED)
    assert status["numberOfRecords"] == len(truth) > 0
    assert [int(line) for line in lines[1:]] == list(truth)
