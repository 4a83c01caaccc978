"""The kinds of edge cases, each switched on alone."""

import json
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tap_marketo_bulk.sandbox.cli import create_parser, main, options_from_arguments
from tap_marketo_bulk.sandbox.edge_cases import (
    ALL_EDGE_CASES,
    EXTREME_INTEGERS,
    RECORDED_EDGE_CASES,
    EdgeCase,
    edge_case_texts,
)
from tests.support.api_client import SandboxClient

TEXT_KINDS = sorted(kind for kind in ALL_EDGE_CASES if edge_case_texts({kind}))


def sandbox_with(clock: SandboxClock, *kinds: EdgeCase, **options: Any) -> Sandbox:  # noqa: ANN401 - options
    values = {"leads": 600, "activities": 11_000, **options}
    return Sandbox(Options(**values, edge_cases=frozenset(kinds)), clock=clock)


def texts_of(sandbox: Sandbox) -> set[object]:
    return {value for lead in sandbox.expected.leads().values() for value in lead.values()}


def attributes_of(sandbox: Sandbox) -> list[Any]:
    return [one["attributes"] for one in sandbox.expected.activities().values()]


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_a_kind_of_texts_can_be_switched_on_alone(clock: SandboxClock, kind: EdgeCase) -> None:
    wanted = {text.replace("\x00", "") for text in edge_case_texts({kind})}
    others = {text.replace("\x00", "") for text in edge_case_texts(ALL_EDGE_CASES - {kind})}
    texts = texts_of(sandbox_with(clock, kind))
    assert wanted <= texts
    assert not others & texts
    assert "Marketing Manager" in texts


def test_attributes_have_the_texts_of_a_kind(clock: SandboxClock) -> None:
    attributes = attributes_of(sandbox_with(clock, EdgeCase.NULL_WORDS))
    assert {"NULL", "none"} <= {value for one in attributes for value in one.values()}


def test_scores_with_decimals_can_be_switched_on_alone(clock: SandboxClock) -> None:
    options = {"leads": 50, "edge_cases": frozenset({EdgeCase.DECIMAL_SCORES})}
    assert has_decimals(clock, **options)
    assert not has_decimals(clock, **options | {"edge_cases": frozenset()})


def has_decimals(clock: SandboxClock, **options: Any) -> bool:  # noqa: ANN401 - options
    with Sandbox(Options(**options), clock=clock) as sandbox, SandboxClient(sandbox) as client:
        job = client.enqueue_job(fields=["leadScore"])
        clock.advance(1)
        job.status()
        return b".0" in job.get_file().content


def kinds_of(sandbox: Sandbox) -> set[EdgeCase]:
    """The kinds of edge cases, except texts, that a data set has."""
    expected = sandbox.expected
    leads = list(expected.leads().values())
    given = attributes_of(sandbox)
    attributes = [one for one in given if one]
    types = expected.activity_types()
    type_names = {one["name"] for one in types.values()}
    has = {
        EdgeCase.NULL_ATTRIBUTES: None in given,
        EdgeCase.UNDOCUMENTED_ATTRIBUTES: any("Undocumented Note" in one for one in attributes),
        EdgeCase.LONG_TEXTS: max(len(json.dumps(one)) for one in attributes) > 131_072,
        EdgeCase.MIXED_CASE_ATTRIBUTES: any("Step Id" in one for one in attributes),
        EdgeCase.SIMILAR_NAMES: {"Attended Webinar", "attended webinar"} <= type_names,
        EdgeCase.ASSET_NAMES: "Gr\u00f6\u00dfte Kunden, \u6f22\u5b57"
        in {one["name"] for one in expected.lists().values()},
        EdgeCase.UPDATED_BEFORE_CREATED: any(
            str(one["updatedAt"]) < str(one["createdAt"]) for one in leads
        ),
        EdgeCase.EXTREME_NUMBERS: set(EXTREME_INTEGERS)
        <= {value for one in leads for value in one.values()},
        EdgeCase.ARBITRARY_VALUES: "VP of Sales" in {one["city"] for one in leads}
        and {9, 32}.isdisjoint(types),
    }
    return {kind for kind, has_it in has.items() if has_it}


@pytest.mark.parametrize(
    "kind",
    [
        *(EdgeCase.NULL_ATTRIBUTES, EdgeCase.UNDOCUMENTED_ATTRIBUTES, EdgeCase.LONG_TEXTS),
        *(EdgeCase.MIXED_CASE_ATTRIBUTES, EdgeCase.SIMILAR_NAMES, EdgeCase.ASSET_NAMES),
        *(EdgeCase.UPDATED_BEFORE_CREATED, EdgeCase.EXTREME_NUMBERS, EdgeCase.ARBITRARY_VALUES),
    ],
)
def test_a_kind_can_be_switched_on_alone(clock: SandboxClock, kind: EdgeCase) -> None:
    assert kinds_of(sandbox_with(clock, kind, activities=2000)) == {kind}


def test_null_attributes_are_not_among_the_recorded_kinds(clock: SandboxClock) -> None:
    assert None not in attributes_of(sandbox_with(clock, *RECORDED_EDGE_CASES))


def parsed_edge_cases(*arguments: str) -> frozenset[EdgeCase]:
    parsed = create_parser("").parse_args(["serve", *arguments])
    return options_from_arguments(parsed, {}).edge_cases


def test_the_command_has_edge_cases_only_on_request() -> None:
    assert parsed_edge_cases() == frozenset()
    assert parsed_edge_cases("--edge-cases") == RECORDED_EDGE_CASES
    two = frozenset({EdgeCase.CARRIAGE_RETURNS, EdgeCase.STRAY_QUOTES})
    assert parsed_edge_cases("--edge-cases", "carriage-returns,stray-quotes") == two


def test_an_unknown_kind_of_edge_cases_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["expected", "leads", "--edge-cases", "nul-bytes,x"])
    message = "'x' is not a kind of edge cases; the kinds are listed by --help"
    assert message in capsys.readouterr().err


def test_saved_edge_cases_are_those_of_the_next_run() -> None:
    parsed = create_parser("").parse_args(["serve"])
    saved = {"edge_cases": frozenset({EdgeCase.QUOTES})}
    assert options_from_arguments(parsed, saved).edge_cases == {EdgeCase.QUOTES}
