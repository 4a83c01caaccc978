"""Values that do not fit the types of their columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault, Options
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY, assert_bookmarks_are_covered
from tests.support.runs import edited, logged_warnings, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import TapRunner

with_fractions = pytest.mark.parametrize(
    "options", [replace(UNCHANGING, fraction_in_integer=True, leads=60, seed=1)]
)


@with_fractions
def test_with_fail_an_invalid_value_ends_the_run_before_the_bookmark_moves_past_it(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    run = tap.run(config=WHOLE_HISTORY | {"invalid_values": "fail"})
    assert type(run.error) is errors.InvalidValueError
    for text in ("line ", "id 1", "field seats__c", ".5'"):
        assert text in str(run.error)
    assert_bookmarks_are_covered(sandbox, run)


@with_fractions
def test_with_null_an_invalid_value_is_null_kept_and_counted(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    run = tap.run(config=WHOLE_HISTORY | {"invalid_values": "null"})
    assert run.error is None
    expected = {
        key: record | ({"seats__c": None} if isinstance(record["seats__c"], float) else {})
        for key, record in sandbox.expected.leads().items()
    }
    changed = sum(expected[key] != record for key, record in sandbox.expected.leads().items())
    assert changed
    records = run.table("leads")
    originals = {key: record.pop("_invalid_values", None) for key, record in records.items()}
    assert records == expected
    assert {key: original for key, original in originals.items() if original} == {
        key: {"seats__c": str(record["seats__c"])}
        for key, record in sandbox.expected.leads().items()
        if isinstance(record["seats__c"], float)
    }
    warnings = logged_warnings(caplog, "do not fit their type")
    assert sum(int(text.split()[1]) for text in warnings) == changed
    assert "field seats__c" in warnings[0]


# Bytes that are not UTF-8.


@pytest.mark.parametrize("options", [UNCHANGING])
def test_a_cell_that_is_not_utf_8_affects_that_value_only(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.append(Fault("undecodable", object="leads", field="company"))
    run = tap.run(config=WHOLE_HISTORY)
    assert run.error is None
    records = run.table("leads")
    changed = [key for key, record in records.items() if record["company"] == "M\ufffdnchen"]
    assert len(changed) == 1
    assert records[changed[0]]["_invalid_values"]["company"] == r"M\xfcnchen"
    assert records.keys() == sandbox.expected.leads().keys()
    (warning,) = logged_warnings(caplog, "have bytes that are not UTF-8")
    for text in ("leads: 1 values of company", "of export ", f"id {changed[0]}", "xfcnchen"):
        assert text in warning


@pytest.mark.parametrize("options", [UNCHANGING])
@pytest.mark.parametrize("field", ["id", "updatedAt"])
def test_a_key_that_is_not_utf_8_leaves_out_that_row_only(
    tap: TapRunner, sandbox: Sandbox, field: str
) -> None:
    sandbox.faults.append(Fault("undecodable", object="leads", field=field))
    run = tap.run(config=WHOLE_HISTORY)
    assert type(run.error) is errors.UndecodableKeysError
    message = str(run.error)
    assert "leads, line 2 of export " in message
    assert f", field {field}: " in message
    expected = sandbox.expected.leads()
    loaded = run.table("leads")
    assert len(loaded) == len(expected) - 1
    assert loaded.items() <= expected.items()
    assert run.table("activities") == sandbox.expected.activities()
    again = tap.run(config=WHOLE_HISTORY, state=run.state)
    assert again.error is None


# Keys, whatever the catalog declares.


def declaring(stream: str, column: str, schema: dict[str, Any], catalog: Any) -> Any:  # noqa: ANN401 - a catalog
    """Return a copy of a catalog in which a column has another schema."""

    def edit(entry: dict[str, Any]) -> None:
        entry["schema"]["properties"][column] = schema

    return edited(catalog, stream, edit)


@pytest.mark.parametrize("options", [Options(leads=3000, activities=400, job_seconds=0)])
@pytest.mark.parametrize("stream", ["activities", "activities_fill_out_form", "deleted_leads"])
@pytest.mark.parametrize(
    "schema", [{"type": ["string", "null"], "format": "date-time"}, {"type": ["boolean", "null"]}]
)
def test_a_key_that_does_not_fit_the_catalog_is_an_error_and_moves_no_bookmark(
    tap: TapRunner, stream: str, schema: dict[str, Any]
) -> None:
    selected = selecting(tap.discover(), stream)
    config = {"start_date": "2025-01-01", "invalid_values": "null"}
    ordinary = tap.run(config=config, catalog=selected)
    catalog = declaring(stream, "marketoGUID", schema, selected)
    run = tap.run(config=config, catalog=catalog)
    assert type(run.error) is errors.InvalidValueError
    assert "A value of a key field does not fit its type" in str(run.error)
    assert run.records(stream) == []
    # Windows that hold no rows may have moved the bookmark: it stays before the first row.
    first = min(record["activityDate"] for record in ordinary.records(stream))
    assert run.bookmark(stream).get("replication_key_value", "") < first


@pytest.mark.parametrize("options", [Options(leads=60, activities=400, job_seconds=0)])
def test_rows_are_routed_by_the_type_in_the_file_and_not_by_the_catalog(tap: TapRunner) -> None:
    stream = "activities_fill_out_form"
    catalog = selecting(tap.discover(), "activities", stream)
    config = {"start_date": "2025-01-01"}
    ordinary = tap.run(config=config, catalog=catalog)
    boolean = {"type": ["boolean", "null"]}
    for each in ("activities", stream):
        catalog = declaring(each, "activityTypeId", boolean, catalog)
    run = tap.run(config=config, catalog=catalog)
    assert ordinary.records(stream)
    assert len(run.records(stream)) == len(ordinary.records(stream))
