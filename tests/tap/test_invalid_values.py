"""Values that do not fit the types of their columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk import errors
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY, assert_bookmarks_are_covered
from tests.support.runs import logged_warnings

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
