"""What a subscription may lack: fields, filters, values that fit."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault
from tests.support.data_sets import STILL, WHOLE, assert_complete, assert_honest, union
from tests.support.runs import edited, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import Run, Tap

still = pytest.mark.parametrize("options", [STILL])
# The windows of one stream.
WINDOWS = 3
# Discovery looks at fields only while a pipeline is new.
BEGUN = {"bookmarks": {"leads": {"replication_key": "updatedAt"}}}
# With time, the end of the last window moves.
MOVING = WHOLE | {"end_date": None}


def warnings(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    found = [it.getMessage() for it in caplog.records if it.levelno == logging.WARNING]
    return [text for text in found if words in text]


def with_root(catalog: dict[str, Any], stream: str, **metadata: str) -> Any:  # noqa: ANN401 - a catalog
    """Return the catalog with other metadata of a stream."""

    def edit(entry: dict[str, Any]) -> None:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        for name, value in metadata.items():
            root["metadata"][name.replace("_", "-")] = value
            entry[name] = value

    return edited(catalog, stream, edit)


def requests(sandbox: Sandbox, kind: str) -> list[Any]:
    return [job.request for job in sandbox.jobs if job.object == kind]


# A field that is gone.


@pytest.mark.parametrize(
    "options", [STILL, replace(STILL, unknown_field_style="1006")], ids=["1003", "1006"]
)
def test_a_field_that_is_gone_is_null_and_said_once(
    tap: Tap, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = tap.discover()
    for name in ("lastName", "city"):
        sandbox.remove_field(name)
    run = tap.run(config=WHOLE, catalog=catalog, state=BEGUN)
    assert run.error is None
    truth = {
        key: record | {"lastName": None, "city": None}
        for key, record in sandbox.expected.leads().items()
    }
    assert run.table("leads") == truth
    told = warnings(caplog, "does not know the field")
    assert len([text for text in told if "lastName" in text]) == 1
    assert len([text for text in told if "city" in text]) == 1
    # The jobs after the first are asked for without them at once.
    refused = [call for call in sandbox.calls if call.name == "create"]
    assert len(refused) == len(sandbox.jobs) + len(told)


@still
@pytest.mark.parametrize("name", ["id", "updatedAt"])
def test_without_its_key_or_bookmark_a_stream_is_an_error(
    tap: Tap, sandbox: Sandbox, name: str
) -> None:
    catalog = tap.discover()
    sandbox.remove_field(name)
    run = tap.run(config=WHOLE, catalog=catalog, state=BEGUN)
    assert type(run.error) is errors.UnknownFieldsError
    assert name in str(run.error)
    assert "Run discovery again" in str(run.error)
    assert run.records("leads") == []


@still
def test_a_field_that_goes_while_its_job_is_queued_costs_nothing_but_the_field(
    tap: Tap, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    stopped = tap.run(config=WHOLE, catalog=catalog, stop_after=4)
    sandbox.remove_field("lastName")
    again = tap.run(config=WHOLE, catalog=catalog, state=stopped.state)
    assert again.error is None
    held = union([stopped, again], "leads")
    truth = sandbox.expected.leads()
    assert {key: {**held[key], "lastName": None} for key in truth} == {
        key: record | {"lastName": None} for key, record in truth.items()
    }


@still
def test_a_job_made_without_a_field_is_taken_up_as_it_is(tap: Tap, sandbox: Sandbox) -> None:
    catalog = selecting(tap.discover(), "leads")
    sandbox.remove_field("lastName")
    stopped = tap.run(config=WHOLE, catalog=catalog, state=BEGUN, stop_after=4)
    (left, *_) = stopped.bookmark("leads")["exports"]
    assert left["without"] == ["lastName"]
    again = tap.run(config=WHOLE, catalog=catalog, state=stopped.state)
    assert again.error is None
    # What was not queued when the run stopped cost nothing.
    assert [job.status for job in sandbox.jobs].count("Completed") == WINDOWS
    truth = {key: record | {"lastName": None} for key, record in sandbox.expected.leads().items()}
    assert union([stopped, again], "leads") == truth


@still
def test_a_newly_selected_field_makes_another_job(tap: Tap, sandbox: Sandbox) -> None:
    catalog = selecting(tap.discover(), "leads")

    def deselect(entry: dict[str, Any]) -> None:
        item = next(it for it in entry["metadata"] if it["breadcrumb"] == ["properties", "city"])
        item["metadata"]["selected"] = False

    stopped = tap.run(config=WHOLE, catalog=edited(catalog, "leads", deselect), stop_after=4)
    assert stopped.bookmark("leads")["exports"]
    again = tap.run(config=WHOLE, catalog=catalog, state=stopped.state)
    assert again.error is None
    assert again.table("leads") == sandbox.expected.leads()
    assert sum("city" in request["fields"] for request in requests(sandbox, "leads")) == WINDOWS


# A filter that the subscription lacks.

LACKING = pytest.mark.parametrize("options", [replace(STILL, updated_at_filter=False)])


@LACKING
def test_without_the_filter_every_run_exports_all_leads_by_creation(
    tap: Tap, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    first = tap.run(config=MOVING)
    assert first.error is None
    assert first.table("leads") == sandbox.expected.leads()
    (told,) = warnings(caplog, "no updatedAt filter")
    assert "costs quota for all of them" in told
    assert "Ask Marketo Support" in told
    assert len([call for call in sandbox.calls if call.name == "create"]) == 2 * WINDOWS + 1
    assert first.bookmark("leads") == {
        "replication_key": "updatedAt",
        "replication_key_value": "2026-02-28T23:45:00Z",
    }
    tap.clock.sleep(3600)
    second = tap.run(config=MOVING, state=first.state)
    assert second.table("leads") == sandbox.expected.leads()
    assert all("createdAt" in request["filter"] for request in requests(sandbox, "leads"))


@LACKING
def test_a_sweep_is_resumed_where_it_was_and_its_bookmark_is_honest(
    tap: Tap, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    whole = tap.run(config=MOVING, catalog=catalog)
    places = [n for n, it in enumerate(whole.messages) if it["type"] == "STATE"]
    for place in (places[0] + 1, places[len(places) // 2] + 1, places[-2] + 1):
        jobs = len(sandbox.jobs)
        stopped = tap.run(config=MOVING, catalog=catalog, stop_after=place)
        assert "replication_key_value" not in stopped.bookmark("leads")
        tap.clock.sleep(3600)
        again = tap.run(config=MOVING, catalog=catalog, state=stopped.state)
        assert again.error is None
        assert union([stopped, again], "leads") == sandbox.expected.leads()
        # As far as the first of the two runs looked: a lead may have changed since.
        began = stopped.bookmark("leads")["sweep_began"]
        assert again.bookmark("leads")["replication_key_value"] == began
        assert not {"sweep_began", "sweep_reached", "exports"} & set(again.bookmark("leads"))
        # The hour that passed is a window of its own.
        assert len(sandbox.jobs) - jobs == WINDOWS + 1


@LACKING
def test_createdat_chosen_in_the_catalog_never_asks_for_updatedat(
    tap: Tap, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = with_root(tap.discover(), "leads", replication_key="createdAt")
    run = tap.run(config=WHOLE, catalog=catalog)
    assert run.error is None
    assert run.table("leads") == sandbox.expected.leads()
    bodies = [call.body for call in sandbox.calls if call.name == "create"]
    assert not [body for body in bodies if "updatedAt" in body["filter"]]  # type: ignore[index]  # JSON
    assert not warnings(caplog, "updatedAt")
    assert run.bookmark("leads")["replication_key"] == "createdAt"


@pytest.mark.parametrize("options", [replace(STILL, updated_at_filter=False)])
def test_the_quota_may_end_in_the_middle_of_a_sweep(tap: Tap, sandbox: Sandbox) -> None:
    sandbox.faults.append(
        Fault("envelope", call="create", object="leads", skip=2, times=None, code="1029",
              message="Export daily quota exceeded")
    )  # fmt: skip
    run = tap.run(config=WHOLE)
    assert type(run.error) is errors.DailyQuotaExceededError
    assert "leads is not complete" in str(run.error)
    assert "sweep_reached" in run.bookmark("leads")
    sandbox.faults.clear()
    again = tap.run(config=WHOLE, state=run.state)
    assert_complete(sandbox, run, again)
    assert len(requests(sandbox, "leads")) == WINDOWS


# Full table.


@still
def test_full_table_exports_all_leads_by_creation_each_run(tap: Tap, sandbox: Sandbox) -> None:
    catalog = with_root(tap.discover(), "leads", replication_method="FULL_TABLE")
    first = tap.run(config=WHOLE, catalog=catalog)
    assert first.error is None
    assert "replication_key_value" not in first.bookmark("leads")
    second = tap.run(config=WHOLE, catalog=catalog, state=first.state)
    for run in (first, second):
        assert run.table("leads") == sandbox.expected.leads()
    assert len(requests(sandbox, "leads")) == 2 * WINDOWS
    assert all("createdAt" in request["filter"] for request in requests(sandbox, "leads"))


# Values that do not fit.

ODD_VALUES = pytest.mark.parametrize(
    "options", [replace(STILL, fraction_in_integer=True, leads=60, seed=1)]
)


@ODD_VALUES
def test_a_value_that_does_not_fit_ends_the_run_before_its_window_counts(
    tap: Tap, sandbox: Sandbox
) -> None:
    run = tap.run(config=WHOLE | {"invalid_values": "fail"})
    assert type(run.error) is errors.InvalidValueError
    for words in ("line ", "id 1", "field seats__c", ".5'"):
        assert words in str(run.error)
    assert_honest(sandbox, run)


@ODD_VALUES
def test_a_value_that_does_not_fit_may_be_null_and_counted(
    tap: Tap, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    run = tap.run(config=WHOLE | {"invalid_values": "null"})
    assert run.error is None
    truth = {
        key: record | ({"seats__c": None} if isinstance(record["seats__c"], float) else {})
        for key, record in sandbox.expected.leads().items()
    }
    changed = sum(truth[key] != record for key, record in sandbox.expected.leads().items())
    assert changed
    records = run.table("leads")
    originals = {key: record.pop("_invalid_values", None) for key, record in records.items()}
    assert records == truth
    assert {key: original for key, original in originals.items() if original} == {
        key: {"seats__c": str(record["seats__c"])}
        for key, record in sandbox.expected.leads().items()
        if isinstance(record["seats__c"], float)
    }
    told = warnings(caplog, "do not fit their type")
    assert sum(int(text.split()[1]) for text in told) == changed
    assert "field seats__c" in told[0]


# What a state of another time holds.


def stopped_early(tap: Tap) -> Run:
    """Return a run with jobs left in its state."""
    run = tap.run(config=WHOLE, stop_after=5)
    assert run.bookmark("activities")["exports"]
    return run


@still
def test_other_windows_than_last_time_still_use_the_jobs_of_last_time(
    tap: Tap, sandbox: Sandbox
) -> None:
    stopped = stopped_early(tap)
    kept = [entry["id"] for entry in stopped.bookmark("activities")["exports"]]
    again = tap.run(config=WHOLE | {"window_days": 7}, state=stopped.state)
    assert again.error is None
    assert_complete(sandbox, stopped, again)
    assert {job.export_id for job in sandbox.jobs if job.downloads} >= set(kept)


@still
def test_an_earlier_end_leaves_jobs_beyond_it_for_another_day(tap: Tap, sandbox: Sandbox) -> None:
    stopped = stopped_early(tap)
    early = tap.run(config=WHOLE | {"end_date": "2026-01-10"}, state=stopped.state)
    assert early.error is None
    late = tap.run(config=WHOLE, state=early.state)
    assert late.error is None
    assert_complete(sandbox, stopped, early, late)
    assert "exports" not in late.bookmark("activities")


@still
def test_the_lookback_is_for_the_end_of_a_run_and_not_for_an_interruption(
    tap: Tap, sandbox: Sandbox
) -> None:
    config = WHOLE | {"resume_unknown_jobs": False}
    whole = tap.run(config=config)
    closed = [
        place
        for place, message in enumerate(whole.messages)
        if "horizon" in message.get("value", {}).get("bookmarks", {}).get("activities", {})
    ]
    jobs = len(sandbox.jobs)
    stopped = tap.run(config=config, stop_after=closed[0] + 1)
    again = tap.run(config=config, state=stopped.state)
    assert_complete(sandbox, stopped, again)
    done = [job for job in sandbox.jobs[jobs:] if job.status == "Completed"]
    assert len([job for job in done if job.object == "activities"]) == WINDOWS
    after = tap.run(config=config, state=again.state)
    assert after.error is None
    (looked_back,) = requests(sandbox, "activities")[-1:]
    assert looked_back["filter"]["createdAt"]["startAt"] == "2026-02-28T22:45:00Z"


@still
def test_a_job_older_than_its_file_is_asked_for_again(tap: Tap, sandbox: Sandbox) -> None:
    stopped = stopped_early(tap)
    tap.clock.sleep(8 * 86400)
    again = tap.run(config=WHOLE | {"end_date": "2026-02-28"}, state=stopped.state)
    assert again.error is None
    assert set(union([stopped, again], "activities")) >= {
        guid
        for guid, record in sandbox.expected.activities().items()
        if str(record["activityDate"]) < "2026-02-28"
    }


@still
def test_a_file_of_an_earlier_run_that_is_gone_is_asked_for_again(
    tap: Tap, sandbox: Sandbox
) -> None:
    stopped = stopped_early(tap)
    sandbox.faults.append(Fault("vanish", call="file"))
    again = tap.run(config=WHOLE, state=stopped.state)
    assert again.error is None
    assert_complete(sandbox, stopped, again)


@still
def test_a_bookmark_without_its_replication_key_is_not_trusted(tap: Tap, sandbox: Sandbox) -> None:
    bookmark = {"replication_key_value": "2026-02-20T00:00:00Z"}
    run = tap.run(config=WHOLE, state={"bookmarks": {"leads": bookmark, "activities": bookmark}})
    assert_complete(sandbox, run)


@still
def test_a_start_beyond_the_bookmark_is_said(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    first = tap.run(config=WHOLE | {"end_date": "2026-01-20"})
    tap.run(config={"start_date": "2026-02-10"}, state=first.state)
    told = warnings(caplog, "is after the bookmark")
    assert "2026-01-20T00:00:00Z" in told[0]
    assert "leads" in "".join(told)


# What an interruption leaves.


@still
def test_what_was_late_where_an_interrupted_run_stopped_reading_is_looked_for(
    tap: Tap, sandbox: Sandbox
) -> None:
    first = tap.run(config=WHOLE | {"end_date": "2026-02-01"})
    night = WHOLE | {"end_date": "2026-02-10"}
    probe = tap.run(config=night, state=first.state)
    made = next(
        place
        for place, message in enumerate(probe.messages)
        if "exports" in message.get("value", {}).get("bookmarks", {}).get("activities", {})
    )
    stopped = tap.run(config=night, state=first.state, stop_after=made + 1)
    jobs = len(sandbox.jobs)
    again = tap.run(config=WHOLE | {"end_date": "2026-02-20"}, state=stopped.state)
    assert again.error is None
    asked = requests(sandbox, "activities")[-1]
    assert [job.object for job in sandbox.jobs[jobs:]].count("activities") == 1
    assert asked["filter"]["createdAt"]["startAt"] == "2026-02-09T23:00:00Z"


@still
def test_the_window_of_a_list_is_no_window_to_take_up(tap: Tap, sandbox: Sandbox) -> None:
    year = {"start": "2025-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}
    left = {"exports": [{"id": "x", "request": "y", **year}]}
    run = tap.run(config=WHOLE | {"start_date": "2025-01-01"}, state={"bookmarks": {"leads": left}})
    assert run.error is None
    assert_complete(sandbox, run)


@pytest.mark.parametrize("options", [replace(STILL, updated_at_filter=False)])
def test_a_test_without_the_filter_asks_for_the_last_hour_too(tap: Tap, sandbox: Sandbox) -> None:
    made = tap.make(config=WHOLE)
    made.run_connection_test()
    made.run.pipeline.close()
    starts = [each["filter"]["createdAt"]["startAt"] for each in requests(sandbox, "leads")]
    assert starts == ["2026-02-28T22:45:00Z"]


@pytest.mark.parametrize("options", [replace(STILL, end_at_inclusive=True)])
def test_a_lead_in_the_second_that_windows_of_the_full_table_share_comes_once(
    tap: Tap, sandbox: Sandbox
) -> None:
    lead = next(
        each
        for each in sandbox.expected.leads().values()
        if str(each["createdAt"]) > "2026-01-15" and each["createdAt"] != each["updatedAt"]
    )
    start = datetime.fromisoformat(str(lead["createdAt"])) - timedelta(days=10)
    catalog = with_root(tap.discover(), "leads", replication_method="FULL_TABLE")
    config = WHOLE | {"start_date": start.isoformat(), "window_days": 10}
    run = tap.run(config=config, catalog=catalog)
    assert [each["id"] for each in run.records("leads")].count(lead["id"]) == 1


# Settings that become wider.


@pytest.mark.parametrize("options", [replace(STILL, activities=400)])
def test_added_activity_types_are_loaded_from_the_start(tap: Tap, sandbox: Sandbox) -> None:
    first = tap.run(config=WHOLE | {"activity_type_ids": [6], "end_date": "2026-02-10"})
    jobs = len(sandbox.jobs)
    second = tap.run(config=WHOLE | {"activity_type_ids": [6, 2]}, state=first.state)
    assert second.error is None
    held = union([first, second], "activities")
    assert held == {
        guid: record
        for guid, record in sandbox.expected.activities().items()
        if record["activityTypeId"] in (2, 6)
    }
    made: list[Any] = sandbox.jobs[jobs:]
    added = [job.request["filter"] for job in made if job.object == "activities"]
    # Before the bookmark only the new type is exported.
    assert {str(each["activityTypeIds"]) for each in added[:-1]} == {"[2]"}
    assert added[-1]["activityTypeIds"] == [2, 6]
    third = tap.run(config=WHOLE | {"activity_type_ids": [6, 2]}, state=second.state)
    assert len(third.records("activities")) < 10


@pytest.mark.parametrize("options", [replace(STILL, activities=200)])
def test_an_earlier_start_date_loads_what_lies_before(tap: Tap, sandbox: Sandbox) -> None:
    first = tap.run(config=WHOLE | {"start_date": "2026-02-01"})
    assert len(first.table("leads")) < len(sandbox.expected.leads())
    jobs = len(sandbox.jobs)
    second = tap.run(config=WHOLE, state=first.state)
    assert second.error is None
    assert_complete(sandbox, first, second)
    made: list[Any] = sandbox.jobs[jobs:]
    ends = [next(iter(job.request["filter"].values()))["endAt"] for job in made]
    assert [end for end in ends if end > "2026-02-01T00:00:00Z"] == ["2026-02-28T23:45:00Z"]


@pytest.mark.parametrize("options", [replace(STILL, activities=200)])
@pytest.mark.parametrize("stop", [2, 4, 20, 40])
def test_loading_what_wider_settings_added_is_resumed_after_an_interruption(
    tap: Tap, sandbox: Sandbox, stop: int
) -> None:
    first = tap.run(config=WHOLE | {"start_date": "2026-02-15"})
    jobs = len(sandbox.jobs)
    stopped = tap.run(config=WHOLE, state=first.state, stop_after=stop)
    again = tap.run(config=WHOLE, state=stopped.state or first.state)
    assert again.error is None
    assert_complete(sandbox, first, stopped, again)
    assert "backfills" not in str(again.state)
    made = [job for job in sandbox.jobs[jobs:] if job.status == "Completed"]
    assert len({str(job.request) for job in made}) == len(made)


@still
def test_all_activity_types_after_a_few_are_loaded_from_the_start(
    tap: Tap, sandbox: Sandbox
) -> None:
    first = tap.run(config=WHOLE | {"activity_type_ids": [6]})
    second = tap.run(config=WHOLE, state=first.state)
    assert second.error is None
    assert union([first, second], "activities") == sandbox.expected.activities()


@still
def test_fewer_activity_types_load_nothing_again(tap: Tap, sandbox: Sandbox) -> None:
    settings = {"activity_lookback_minutes": 0}
    first = tap.run(config=WHOLE | settings)
    jobs = len(sandbox.jobs)
    second = tap.run(config=WHOLE | settings | {"activity_type_ids": [6]}, state=first.state)
    assert second.error is None
    assert len(sandbox.jobs) == jobs
