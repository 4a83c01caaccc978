"""The pages, the order and the members of assets, compared with the expected entries."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tests.support.asset_reads import NO_ASSETS, READS, browse, in_utc, read_pages

from .conftest import StartSandbox


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
