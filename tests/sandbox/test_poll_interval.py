"""The poll interval that ``marketo-sandbox exec`` sets."""

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox
from tap_marketo_bulk.sandbox.cli import tap_environment


@pytest.mark.parametrize(
    ("job_seconds", "poll_seconds"), [(0, "1"), (1, "1"), (20, "4"), (900, "60")]
)
def test_the_poll_interval_is_at_least_a_second_and_at_most_a_minute(
    job_seconds: float, poll_seconds: str
) -> None:
    with Sandbox(Options(leads=1, activities=1, job_seconds=job_seconds)) as sandbox:
        environment = tap_environment(sandbox)
    assert environment["TAP_MARKETO_BULK_POLL_SECONDS"] == poll_seconds
