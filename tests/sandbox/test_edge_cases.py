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


def test_extreme_numbers_can_be_switched_on_alone(clock: SandboxClock) -> None:
    sandbox = sandbox_with(clock, EdgeCase.EXTREME_NUMBERS)
    assert set(EXTREME_INTEGERS) <= texts_of(sandbox)


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


def test_null_attributes_can_be_switched_on_alone(clock: SandboxClock) -> None:
    assert None in attributes_of(sandbox_with(clock, EdgeCase.NULL_ATTRIBUTES))
    assert None not in attributes_of(sandbox_with(clock, *RECORDED_EDGE_CASES))


def test_undocumented_and_long_attributes_can_be_switched_on_alone(clock: SandboxClock) -> None:
    kinds = (EdgeCase.UNDOCUMENTED_ATTRIBUTES, EdgeCase.LONG_TEXTS)
    attributes = attributes_of(sandbox_with(clock, *kinds))
    assert any("Undocumented Note" in one for one in attributes)
    assert max(len(json.dumps(one)) for one in attributes) > 131_072


def test_attributes_in_another_letter_case_can_be_switched_on_alone(clock: SandboxClock) -> None:
    sandbox = sandbox_with(clock, EdgeCase.MIXED_CASE_ATTRIBUTES)
    assert any("Step Id" in one for one in attributes_of(sandbox))
    assert not any("Step Id" in one for one in attributes_of(sandbox_with(clock)))


def test_similar_names_can_be_switched_on_alone(clock: SandboxClock) -> None:
    types = sandbox_with(clock, EdgeCase.SIMILAR_NAMES).expected.activity_types().values()
    assert {"Attended Webinar", "attended webinar"} <= {one["name"] for one in types}


def test_asset_names_can_be_switched_on_alone(clock: SandboxClock) -> None:
    lists = sandbox_with(clock, EdgeCase.ASSET_NAMES).expected.lists().values()
    assert "Gr\u00f6\u00dfte Kunden, \u6f22\u5b57" in {one["name"] for one in lists}


def test_updates_before_creation_can_be_switched_on_alone(clock: SandboxClock) -> None:
    def has_them(*kinds: EdgeCase) -> bool:
        leads = sandbox_with(clock, *kinds).expected.leads().values()
        return any(str(one["updatedAt"]) < str(one["createdAt"]) for one in leads)

    assert has_them(EdgeCase.UPDATED_BEFORE_CREATED)
    assert not has_them()


def test_arbitrary_values_can_be_switched_on_alone(clock: SandboxClock) -> None:
    sandbox = sandbox_with(clock, EdgeCase.ARBITRARY_VALUES)
    assert "VP of Sales" in {one["city"] for one in sandbox.expected.leads().values()}
    assert set(sandbox.expected.activity_types()).isdisjoint({9, 32})


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
