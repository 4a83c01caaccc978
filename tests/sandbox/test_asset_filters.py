"""The parameters that select assets: a range of changes, a folder, a status; invalid parameters."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Fault, SandboxClock
from tests.support.asset_reads import READS, WITH_DATE_FILTER, browse, in_utc, read_pages

from .conftest import StartSandbox


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"maxReturn": 201}, ("1003", "maxReturn must be from 1 to 200")),
        ({"maxReturn": 0}, ("1003", "maxReturn must be from 1 to 200")),
        ({"maxReturn": "x"}, ("1001", "Invalid value 'x'. Required of type 'Integer'")),
        ({"offset": -1}, ("1001", "Invalid value '-1'. Required of type 'Integer'")),
        (
            {"earliestUpdatedAt": "yesterday"},
            ("704", "earliestUpdatedAt: Invalid date-time 'yesterday'"),
        ),
        (
            {"latestUpdatedAt": "2026-01-01T00:00:00.000Z"},
            ("704", "latestUpdatedAt: Invalid date-time '2026-01-01T00:00:00.000Z'"),
        ),
        (
            {
                "earliestUpdatedAt": "2026-01-01T00:00:00Z",
                "latestUpdatedAt": "2026-01-01T00:00:00Z",
            },
            ("1003", "earliestUpdatedAt must be before latestUpdatedAt"),
        ),
        ({"folder": "15"}, ("1003", "folder must be a JSON object with the members id and type")),
        ({"folder": "{"}, ("1003", "folder must be a JSON object with the members id and type")),
    ],
)
def test_an_invalid_parameter_is_an_error(
    start: StartSandbox, query: dict[str, Any], error: tuple[str, str]
) -> None:
    _, client = start()
    response = client.get("/rest/asset/v1/programs.json", params=query)
    assert client.api_error(response) == error


@pytest.mark.parametrize("name", WITH_DATE_FILTER)
@pytest.mark.parametrize("inclusive", [False, True])
def test_assets_are_selected_by_their_latest_change(
    start: StartSandbox, name: str, *, inclusive: bool
) -> None:
    sandbox, client = start(end_at_inclusive=inclusive)
    expected = getattr(sandbox.expected, READS[name])()
    updated = {one["id"]: one["updatedAt"] for one in expected.values()}
    first, *_, last = sorted(updated.values())
    assert first < last
    earliest, latest = {"earliestUpdatedAt": first}, {"latestUpdatedAt": last}
    ids = [one["id"] for one in read_pages(client, name, **earliest, **latest)]
    assert set(ids) == {key for key, at in updated.items() if at < last or inclusive}
    after = (datetime.fromisoformat(first) + timedelta(seconds=1)).isoformat()
    later = [one["id"] for one in read_pages(client, name, earliestUpdatedAt=after)]
    assert set(later) == {key for key, at in updated.items() if at > first}
    assert bool(read_pages(client, name, latestUpdatedAt=first)) is inclusive


@pytest.mark.parametrize("name", [name for name in READS if name not in WITH_DATE_FILTER])
def test_other_assets_are_not_selected_by_their_latest_change(
    start: StartSandbox, name: str
) -> None:
    _, client = start()
    past = {"latestUpdatedAt": "2001-01-01T00:00:00Z"}
    assert browse(client, name, **past)["result"] == browse(client, name)["result"]


def test_a_change_and_a_new_asset_are_selected_by_the_next_range(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(token_seconds=10**7, new_assets_per_day=2)
    before = sandbox.expected.programs()
    since = f"{clock.now() + timedelta(seconds=1):%FT%TZ}"
    clock.advance(86_400)
    after = sandbox.expected.programs()
    changed = {key for key, one in after.items() if one != before.get(key)}
    assert {one["id"] for one in read_pages(client, "programs", earliestUpdatedAt=since)} == changed
    assert set(after) - set(before) == {1013, 1014}
    assert after[1013]["createdAt"] == "2026-03-02T00:00:00Z"
    assert after[1014]["createdAt"] == "2026-03-02T12:00:00Z"
    assert changed & set(before)
    assert before == sandbox.expected.programs(at=sandbox.created_at)


def test_an_asset_that_leaves_the_range_while_pages_are_read_hides_another(
    start: StartSandbox,
) -> None:
    changed = Fault("advance_clock", call="smart_campaigns", skip=1, seconds=43_200)
    sandbox, client = start(changed, token_seconds=10**7)
    until = f"{sandbox.created_at:%FT%TZ}"
    before = set(sandbox.expected.campaigns())
    ids = [one["id"] for one in read_pages(client, "smartCampaigns", 5, latestUpdatedAt=until)]
    unchanged = {
        key for key, one in sandbox.expected.campaigns().items() if str(one["updatedAt"]) < until
    }
    assert before - unchanged
    assert unchanged - set(ids)


def test_assets_are_selected_by_folder(start: StartSandbox) -> None:
    sandbox, client = start()
    in_program = read_pages(client, "staticLists", folder='{"id": 1001, "type": "Program"}')
    in_folder = read_pages(client, "staticLists", folder='{"id": 1001, "type": "Folder"}')
    assert [one["name"] for one in in_program] == ["Trade show 2026"]
    assert in_folder
    assert all(one["folder"] == {"id": 1001, "type": "Folder"} for one in in_folder)
    emails = read_pages(client, "emails", folder='{"id": 1001, "type": "Folder"}')
    assert {one["folder"]["value"] for one in emails} == {1001}
    campaigns = sandbox.expected.campaigns().values()
    assert any("folder" not in one for one in campaigns)
    found = read_pages(client, "smartCampaigns", folder='{"id": 1001, "type": "Program"}')
    assert {one["parentProgramId"] for one in found} == {1001}


@pytest.mark.parametrize("name", ["emails", "emailTemplates", "landingPages", "forms"])
def test_assets_are_selected_by_status(start: StartSandbox, name: str) -> None:
    _, client = start(many_assets=20)
    statuses = {
        status: {one["status"] for one in read_pages(client, name, 20, status=status)}
        for status in ("approved", "Draft", "approved with draft")
    }
    both = "approved with draft"
    assert statuses == {
        "approved": {"approved", both},
        "Draft": {"draft", both},
        both: {both},
    }


@pytest.mark.parametrize("name", ["emailTemplates", "landingPages"])
def test_a_draft_of_an_approved_asset_can_be_an_entry_of_its_own(
    start: StartSandbox, name: str
) -> None:
    sandbox, client = start(draft_entries=True, many_assets=20)
    found = read_pages(client, name, 20)
    by_status = {
        status: {one["id"]: one for one in found if one["status"] == status}
        for status in ("approved", "draft")
    }
    twice = set(by_status["approved"]) & set(by_status["draft"])
    assert twice
    assert len(found) == len(by_status["approved"]) + len(by_status["draft"])
    expected = getattr(sandbox.expected, READS[name])()
    assert {key: in_utc(one) for key, one in by_status["approved"].items()} == {
        key: one for key, one in expected.items() if one["status"] == "approved"
    }
    drafts = read_pages(client, name, 20, status="draft")
    assert {one["id"] for one in drafts} == set(by_status["draft"])


def test_forms_need_a_folder_by_option(start: StartSandbox) -> None:
    _, client = start(forms_need_folder=True)
    error = client.api_error(client.get("/rest/asset/v1/forms.json"))
    assert error == ("701", "folder cannot be blank")
    assert browse(client, "forms", folder='{"id": 1001, "type": "Program"}')["result"]
