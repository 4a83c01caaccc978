"""Pages of deleted leads that the sandbox does not send: other types, missing keys and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import InvalidResponseError, InvalidValueError
from tap_marketo_bulk.sandbox import Options
from tests.support.http_host import TOKEN_RESPONSE, http_response
from tests.support.runs import selecting

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.http_host import Host
    from tests.support.runs import RunResult, TapRunner

NAME = "deleted_leads"
YEAR = {"start_date": "2025-01-01"}
pytestmark = pytest.mark.parametrize("options", [Options(leads=3000, activities=10)])

PAGING = {"success": True, "nextPageToken": "A"}
DELETION = {
    "id": 1,
    "marketoGUID": "17",
    "leadId": "5",
    "activityDate": "2026-02-01T10:00:00+0000",
    "activityTypeId": 37,
    "primaryAttributeValue": "nul \0 half \ud83d",
    "attributes": [{"name": "Remove From CRM", "value": True}, {"name": "Empty"}],
}


@pytest.fixture
def run_on(tap: TapRunner, host: Callable[..., Host]) -> Callable[..., RunResult]:
    """Return a function that runs the stream against a host with these responses."""
    catalog = selecting(tap.discover(), NAME)

    def run(*responses: object, **settings: str) -> RunResult:
        server = host(TOKEN_RESPONSE, *map(http_response, responses))
        return tap.run(catalog=catalog, config=YEAR | {"endpoint": server.url} | settings)

    return run


def page(*entries: object) -> dict[str, object]:
    return {"success": True, "result": list(entries), "moreResult": False}


def test_values_are_typed_and_without_characters_that_databases_reject(
    run_on: Callable[..., RunResult],
) -> None:
    run = run_on(PAGING, page(DELETION))
    assert run.error is None
    assert run.records(NAME) == [
        {
            "marketoGUID": "17",
            "leadId": 5,
            "activityDate": "2026-02-01T10:00:00Z",
            "activityTypeId": 37,
            "primaryAttributeValueId": None,
            "primaryAttributeValue": "nul  half \ufffd",
            "attributes": {"Remove From CRM": True, "Empty": None},
        }
    ]


def test_a_value_that_does_not_fit_is_an_error_that_names_it(
    run_on: Callable[..., RunResult],
) -> None:
    run = run_on(PAGING, page(DELETION | {"leadId": "five"}), invalid_values="fail")
    assert isinstance(run.error, InvalidValueError)
    assert "deleted_leads, marketoGUID 17, field leadId: 'five'" in str(run.error)
    assert run.states == []


def test_a_value_that_does_not_fit_can_be_null(
    run_on: Callable[..., RunResult], caplog: pytest.LogCaptureFixture
) -> None:
    run = run_on(PAGING, page(DELETION | {"leadId": "five"}), invalid_values="null")
    assert run.error is None
    assert run.records(NAME)[0]["leadId"] is None
    assert "1 values of leadId do not fit" in caplog.text


def test_a_deletion_without_a_key_is_an_error(run_on: Callable[..., RunResult]) -> None:
    run = run_on(PAGING, page(DELETION | {"marketoGUID": None}))
    assert isinstance(run.error, InvalidValueError)


@pytest.mark.parametrize(
    "responses",
    [
        [{"success": True}],
        [PAGING, {"success": True, "moreResult": True}],
        [PAGING, {"success": True, "moreResult": True, "nextPageToken": "A"}],
        [PAGING, {"success": True, "moreResult": True, "nextPageToken": 7}],
        [PAGING, page("something")],
        [PAGING, {"success": True, "result": {"a": 1}}],
    ],
)
def test_an_invalid_page_is_an_error(
    run_on: Callable[..., RunResult], responses: list[object]
) -> None:
    run = run_on(*responses)
    assert isinstance(run.error, InvalidResponseError)
    assert "run again" in str(run.error)
    assert run.states == []
