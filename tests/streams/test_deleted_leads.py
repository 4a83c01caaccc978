"""The stream deleted_leads, which is read from REST pages without export jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import ApiError, StreamsDeniedError
from tap_marketo_bulk.sandbox import Fault, Options
from tests.support.runs import edited, selecting, without_bookkeeping

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.runs import RunResult, TapRunner

NAME = "deleted_leads"
YEAR = {"start_date": "2025-01-01"}
HORIZON = "2026-02-28T23:45:00Z"
pytestmark = pytest.mark.parametrize("options", [Options(leads=3000, activities=10)])


def read(tap: TapRunner, **options: Any) -> RunResult:  # noqa: ANN401 - the tap's own
    """Run the tap with this stream only."""
    options.setdefault("config", YEAR)
    return tap.run(catalog=selecting(tap.discover(), NAME), **options)


def expected_records(sandbox: Sandbox, *, start: str = "", end: str = HORIZON) -> dict[str, Any]:
    """The expected records of the stream between two instants, by key."""
    other_columns = ("campaignId", "actionResult")
    return {
        key: {name: value for name, value in record.items() if name not in other_columns}
        for key, record in sandbox.expected.deleted_leads().items()
        if start <= str(record["activityDate"]) <= end
    }


def table(run: RunResult) -> dict[str, Any]:
    return {record["marketoGUID"]: record for record in run.records(NAME)}


def test_all_expected_rows_are_emitted_once(tap: TapRunner, sandbox: Sandbox) -> None:
    run = read(tap)
    assert run.error is None
    assert len(table(run)) > 11  # more than one page
    assert table(run) == expected_records(sandbox)
    assert len(run.records(NAME)) == len(table(run))


def test_short_and_empty_pages_do_not_end_the_stream(tap: TapRunner, sandbox: Sandbox) -> None:
    read(tap)
    # The second page of the sandbox is empty, and moreResult is true.
    assert [call.name for call in sandbox.calls].count("deleted_leads") == 3


def test_no_export_job_is_created(tap: TapRunner, sandbox: Sandbox) -> None:
    read(tap)
    assert sandbox.jobs == []


def test_the_bookmark_moves_once_after_the_last_page(tap: TapRunner) -> None:
    run = read(tap)
    bookmark = {"replication_key": "activityDate", "replication_key_value": HORIZON}
    assert list(map(without_bookkeeping, run.states)) == [{"bookmarks": {NAME: bookmark}}]
    assert run.messages[-1]["type"] == "STATE"


def test_an_error_at_a_later_page_does_not_move_the_bookmark(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    fault = Fault("envelope", call="deleted_leads", code="1003", times=None, skip=1)
    sandbox.faults.append(fault)
    run = read(tap)
    assert isinstance(run.error, ApiError)
    assert len(run.records(NAME)) == 11
    assert run.states == []


def test_the_next_run_begins_with_the_lookback_before_the_bookmark(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    first = read(tap)
    sandbox_clock.advance(40 * 86400)
    second = read(tap, state=first.state, config=YEAR | {"activity_lookback_minutes": 60 * 240})
    expected = expected_records(sandbox, start="2026-02-18T23:45:00Z", end="2026-04-09T23:45:00Z")
    assert table(second) == expected
    assert set(expected) & set(table(first))
    assert set(expected) - set(table(first))


def test_a_bookmark_older_than_14_days_is_asked_for_as_it_is(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    bookmark = {"replication_key": "activityDate", "replication_key_value": "2025-06-01T00:00:00Z"}
    run = read(tap, state={"bookmarks": {NAME: bookmark}})
    assert run.error is None
    assert table(run) == expected_records(sandbox, start="2025-05-31T23:00:00Z")


def test_a_bookmark_that_marketo_rejects_for_its_age_is_moved_to_the_oldest_deletions(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    old = Fault("envelope", call="paging_token", code="1003", message="sinceDatetime is too old.")
    sandbox.faults.append(old)
    run = read(tap)
    assert run.error is None
    expected = expected_records(sandbox, start="2026-02-15T01:00:00Z")
    assert expected
    assert table(run) == expected
    assert run.bookmark(NAME)["replication_key_value"] == HORIZON
    (message,) = [text for text in caplog.messages if "rejected deletions" in text]
    assert "since 2025-01-01T00:00:00Z (1003 sinceDatetime is too old). It keeps" in message
    assert "those since 2026-02-15T01:00:00Z are read" in message


@pytest.mark.parametrize(
    ("start", "code"), [("2026-02-20", "1003"), ("2025-01-01", "603"), ("2025-01-01", "607")]
)
def test_what_marketo_rejects_for_another_reason_than_age_is_an_error(
    tap: TapRunner, sandbox: Sandbox, start: str, code: str
) -> None:
    sandbox.faults.append(Fault("envelope", call="paging_token", code=code, times=None))
    run = read(tap, config={"start_date": start})
    assert isinstance(run.error, ApiError | StreamsDeniedError)
    assert [call.name for call in sandbox.calls].count("paging_token") == 1


def test_what_marketo_rejects_twice_is_an_error(tap: TapRunner, sandbox: Sandbox) -> None:
    sandbox.faults.append(Fault("envelope", call="paging_token", code="610", times=None))
    run = read(tap)
    assert isinstance(run.error, ApiError)
    assert [call.name for call in sandbox.calls].count("paging_token") == 2
    assert run.states == []


def test_a_full_table_is_read_from_the_start_date_and_does_not_change_the_bookmark(
    tap: TapRunner,
) -> None:
    first = read(tap)

    def use_full_table(entry: dict[str, Any]) -> None:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        entry["replication_method"] = root["metadata"]["forced-replication-method"] = "FULL_TABLE"

    catalog = edited(selecting(tap.discover(), NAME), NAME, use_full_table)
    tap.clock.sleep(60)
    again = tap.run(catalog=catalog, state=first.state, config=YEAR)
    assert table(again) == table(first)
    assert again.bookmark(NAME) == first.bookmark(NAME)


def test_deletions_after_the_end_date_are_emitted_by_the_next_run(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    end = "2025-09-01T00:00:00Z"
    first = read(tap, config=YEAR | {"end_date": end})
    assert table(first) == expected_records(sandbox, end=end)
    assert 0 < len(table(first)) < len(expected_records(sandbox))
    assert first.bookmark(NAME)["replication_key_value"] == end
    second = read(tap, state=first.state)
    assert table(first) | table(second) == expected_records(sandbox)


def test_no_page_is_requested_if_the_bookmark_is_at_the_horizon(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    settings = YEAR | {"activity_lookback_minutes": 0}
    first = read(tap, config=settings)
    calls_before = len(sandbox.calls)
    second = read(tap, state=first.state, config=settings)
    assert "paging_token" not in {call.name for call in sandbox.calls[calls_before:]}
    assert second.bookmark(NAME) == first.bookmark(NAME)


def test_only_selected_fields_are_emitted(tap: TapRunner) -> None:
    def deselect(entry: dict[str, Any]) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"] in (["properties", "attributes"], ["properties", "leadId"]):
                item["metadata"]["selected"] = False

    catalog = edited(selecting(tap.discover(), NAME), NAME, deselect)
    run = tap.run(catalog=catalog, config=YEAR)
    assert {frozenset(record) for record in run.records(NAME)} == {
        frozenset(
            {
                "marketoGUID",
                "activityDate",
                "activityTypeId",
                "primaryAttributeValueId",
                "primaryAttributeValue",
            }
        )
    }


def test_a_connection_test_reads_one_record_of_any_age(tap: TapRunner, sandbox: Sandbox) -> None:
    tested = tap.make_tap(config=YEAR)
    tested.run_sync_dry_run(streams=[tested.streams[NAME]])
    records = [message for message in tested.message_writer.messages if message["type"] == "RECORD"]  # type: ignore[attr-defined] # a CollectingWriter
    assert len(records) == 1
    assert [call.name for call in sandbox.calls].count("deleted_leads") == 1


def test_a_catalog_without_the_stream_does_not_read_it(tap: TapRunner, sandbox: Sandbox) -> None:
    catalog = selecting(tap.discover(), NAME)
    catalog["streams"] = [entry for entry in catalog["streams"] if entry["stream"] == "leads"]
    tap.run(catalog=catalog)
    assert "paging_token" not in {call.name for call in sandbox.calls}
