"""The reads of the Asset API with pages, compared with the expected entries."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tests.support.api_client import SandboxClient

from .conftest import StartSandbox

NO_ASSETS = "No assets found for the given search criteria."
# The path of each read, and the method of ExpectedRows for it.
READS = {
    "programs": "programs",
    "smartCampaigns": "campaigns",
    "staticLists": "lists",
    "smartLists": "smart_lists",
    "emails": "emails",
    "emailTemplates": "email_templates",
    "landingPages": "landing_pages",
    "forms": "forms",
}
WITH_DATE_FILTER = list(READS)[:5]


def browse(client: SandboxClient, name: str, **query: Any) -> Any:  # noqa: ANN401 - JSON
    return client.get(f"/rest/asset/v1/{name}.json", params=query).json()


def read_pages(client: SandboxClient, name: str, size: int = 3, **query: Any) -> list[Any]:  # noqa: ANN401 - JSON
    found: list[Any] = []
    while True:
        page = browse(client, name, offset=len(found), maxReturn=size, **query)
        assert page["success"]
        if "result" not in page:
            return found
        assert 0 < len(page["result"]) <= size
        found += page["result"]


def in_utc(entry: dict[str, Any]) -> dict[str, Any]:
    times = {name: entry[name].removesuffix("+0000") for name in ("createdAt", "updatedAt")}
    assert all(entry[name] == f"{time}+0000" for name, time in times.items())
    assert all(datetime.fromisoformat(time).tzinfo for time in times.values())
    return entry | times


@pytest.mark.parametrize("name", READS)
def test_the_pages_contain_the_expected_assets(start: StartSandbox, name: str) -> None:
    sandbox, client = start()
    found = read_pages(client, name)
    assert {one["id"]: in_utc(one) for one in found} == getattr(sandbox.expected, READS[name])()
    assert len(found) > 3


@pytest.mark.parametrize("name", READS)
def test_past_the_end_there_is_a_warning_and_no_result(start: StartSandbox, name: str) -> None:
    _, client = start()
    past = browse(client, name, offset=10_000)
    assert past.pop("requestId")
    assert past == {"success": True, "errors": [], "warnings": [NO_ASSETS]}


def test_a_page_has_20_assets_by_default_and_200_at_most(start: StartSandbox) -> None:
    _, client = start(many_assets=300, programs=250)
    assert len(browse(client, "emails")["result"]) == 20
    for name in READS:
        assert len(browse(client, name, maxReturn=200)["result"]) == 200
        ids = [one["id"] for one in read_pages(client, name, 200)]
        assert len(ids) == len(set(ids)) > 200


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


@pytest.mark.parametrize("options", [{"new_assets_per_day": 0}, {"object_changes": False}])
def test_no_assets_are_created_by_option(clock: SandboxClock, options: dict[str, Any]) -> None:
    sandbox = Sandbox(Options(leads=0, **options), clock=clock)
    before = {method: getattr(sandbox.expected, method)() for method in READS.values()}
    clock.advance(10 * 86_400)
    after = {method: getattr(sandbox.expected, method)() for method in READS.values()}
    assert {method: list(one) for method, one in after.items()} == {
        method: list(one) for method, one in before.items()
    }
    assert (after == before) is ("object_changes" in options)


def test_assets_existed_before_the_start(clock: SandboxClock) -> None:
    sandbox = Sandbox(Options(leads=0), clock=clock)
    earlier = sandbox.created_at - timedelta(days=200)
    assert 0 < len(sandbox.expected.programs(at=earlier)) < len(sandbox.expected.programs())


SORT_KEYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "name": lambda one: one["name"].casefold(),
    "id": lambda one: one["id"],
    "updatedAt": lambda one: one["updatedAt"],
}


@pytest.mark.parametrize("order", SORT_KEYS)
def test_the_order_of_assets_is_an_option(start: StartSandbox, order: str) -> None:
    _, client = start(asset_order=order)
    found = read_pages(client, "smartCampaigns", 20)
    assert found == sorted(found, key=SORT_KEYS[order])


def test_an_asset_that_is_created_while_pages_are_read_moves_the_others(
    start: StartSandbox,
) -> None:
    created = Fault("advance_clock", call="static_lists", skip=1, seconds=43_200)
    sandbox, client = start(created, asset_order="name", token_seconds=10**7)
    ids = [one["id"] for one in read_pages(client, "staticLists", 2)]
    assert sandbox.clock.now() == sandbox.created_at + timedelta(hours=12)
    expected = sandbox.expected.lists()
    assert 2005 in expected
    assert len(ids) == len(expected)
    missing = set(expected) - set(ids)
    assert len(missing) + len(set(ids)) == len(expected)


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


def test_assets_can_have_a_member_that_is_not_documented(start: StartSandbox) -> None:
    sandbox, client = start(undocumented_members=True)
    assert browse(client, "emails")["result"][0]["sandboxDetails"] == {"rank": 1.5}
    assert all("sandboxDetails" in one for one in sandbox.expected.emails().values())
    default, _ = start()
    assert not any("sandboxDetails" in one for one in default.expected.emails().values())


def test_programs_have_the_documented_members(start: StartSandbox) -> None:
    sandbox, _ = start()
    programs = sandbox.expected.programs()
    assert {one["type"]: one["status"] for one in programs.values()}.keys() == {
        *("Default", "Engagement", "Event", "Email", "Event with Webinar")
    }
    assert {one["status"] for one in programs.values()} <= {"", "on", "off", "unlocked"}
    assert programs[1004]["url"] == "https://app-sandbox.example.com/#EBP1004A1"
    assert not {"tags", "costs"} & set(programs[1004])
    assert any('"' in str(one["name"]) for one in programs.values())


def test_the_assets_of_activities_are_listed(start: StartSandbox) -> None:
    sandbox, _ = start(activities=2000)
    campaigns = {one["campaignId"] for one in sandbox.expected.activities().values()} - {None}
    assert campaigns <= set(sandbox.expected.campaigns())
    assert {16, 102, 95} < set(sandbox.expected.forms())
    assert {4001, 4006} < set(sandbox.expected.emails())


def test_a_list_that_is_created_later_can_be_exported_from_then_on(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(token_seconds=10**7, new_assets_per_day=1)
    new_list = {"staticListId": 2005}
    message = "Invalid value '2005' for filter 'staticListId': no such list"
    assert client.api_error(client.create(filter=new_list)) == ("1003", message)
    clock.advance(86_400)
    name = sandbox.expected.lists()[2005]["name"]
    assert client.create(filter=new_list).json()["success"]
    assert client.create(filter={"staticListName": name}).json()["success"]
