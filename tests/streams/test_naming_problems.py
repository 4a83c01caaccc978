"""Discovery warns of names that a database cannot hold, and shows the setting that helps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.sandbox import Options
from tap_marketo_bulk.streams.catalog import find_naming_problems
from tests.support.runs import TapRunner, logged_warnings, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox

LONG = "customer" * 8
OPTIONS = Options(
    leads=5,
    activities=5,
    extra_fields=((LONG, "integer"), (LONG[:-1], "string"), ("LeadSource", "string")),
)


def problems(tap: TapRunner, caplog: pytest.LogCaptureFixture, **config: str) -> list[str]:
    """Return the warnings of one discovery."""
    tap.config = config
    caplog.clear()
    tap.discover()
    return [*logged_warnings(caplog, "PostgreSQL"), *logged_warnings(caplog, "letter case")]


@pytest.mark.parametrize("options", [OPTIONS])
def test_a_long_name_and_the_stream_map_that_renames_it_are_shown(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    warning, _ = problems(tap, caplog)
    assert f"leads.{LONG}. " in warning
    maps = json.loads(warning.partition("rename them: ")[2])
    catalog = tap.discover()
    run = tap.run(catalog=selecting(catalog, "leads"), config={"stream_maps": maps})
    assert run.error is None
    columns = run.schemas["leads"]["schema"]["properties"]
    (new,) = [name for name in columns if name.startswith(f"{LONG[:56]}_")]
    (entry,) = [each for each in catalog["streams"] if each["stream"] == "leads"]
    assert columns[new]["type"] == entry["schema"]["properties"][LONG]["type"]
    assert columns[LONG[:-1]]
    assert {type(record[new]) for record in run.records("leads")} <= {int, type(None)}
    assert max(len(name.encode()) for name in columns) <= 63


def test_a_long_stream_name_is_shown_with_its_alias() -> None:
    stream = f"activities_{LONG}"
    (problem,) = find_naming_problems({stream: ["id", f"a {LONG}"], "leads": ["é" * 31]})
    maps: dict[str, Any] = json.loads(problem.partition("rename them: ")[2])
    alias = maps[stream]["__alias__"]
    assert f"{stream}, {stream}.a {LONG}. " in problem
    assert len(alias) == 63
    assert maps == {
        stream: {
            "__alias__": alias,
            next(name for name in maps[stream] if name.startswith("a c")): f"_['a {LONG}']",
            f"a {LONG}": "__NULL__",
        }
    }


def test_a_name_is_cut_between_characters() -> None:
    (problem,) = find_naming_problems({"leads": ["é" * 32]})
    (short, _) = json.loads(problem.partition("rename them: ")[2])["leads"]
    assert short.startswith("é" * 28 + "_")
    assert len(short.encode()) == 63


@pytest.mark.parametrize("options", [OPTIONS])
def test_columns_that_differ_in_letter_case_are_shown_unless_they_are_in_snake_case(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    _, warning = problems(tap, caplog)
    assert "The columns LeadSource, leadSource of leads differ only in letter case" in warning
    assert "Set column_names to snake_case" in warning
    assert len(problems(tap, caplog, column_names="snake_case")) == 1


@pytest.mark.parametrize(
    "options",
    [
        Options(
            leads=5,
            activities=5,
            extra_fields=tuple((f"field{number}", "string") for number in range(351)),
        )
    ],
)
def test_more_columns_than_a_row_of_postgresql_can_have_are_shown_once(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    (warning,) = problems(tap, caplog)
    assert f"leads has {len(sandbox.expected.lead_columns()) + 1} columns. With more" in warning


@pytest.mark.parametrize("options", [Options(leads=5, activities=5)])
def test_a_usual_subscription_has_no_such_names(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    assert problems(tap, caplog) == []
    assert find_naming_problems({"leads": [f"field{number}" for number in range(350)]}) == []
