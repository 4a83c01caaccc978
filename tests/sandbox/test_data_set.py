"""The data set: the same for the same seed, with rows that change over time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.api_client import CREATED, MONTH

UPDATED = {"updatedAt": MONTH}


def create_sandbox(clock: SandboxClock, **options: object) -> Sandbox:
    values: dict[str, object] = {"leads": 1000, "activities": 3000, **options}
    return Sandbox(Options(**values), clock=clock)  # type: ignore[arg-type]  # options by name


def test_the_same_seed_gives_the_same_rows_whatever_is_read_first(clock: SandboxClock) -> None:
    one, other = create_sandbox(clock), create_sandbox(clock)
    leads = one.expected.leads(CREATED)
    all_leads = other.expected.leads()
    assert {number: all_leads[number] for number in leads} == leads
    assert other.expected.activities() == one.expected.activities()


def test_another_seed_gives_other_leads(clock: SandboxClock) -> None:
    one, other = (
        create_sandbox(clock).expected.leads(),
        create_sandbox(clock, seed=2).expected.leads(),
    )
    assert not {lead["email"] for lead in one.values()} & {
        lead["email"] for lead in other.values()
    } - {None}


def test_the_default_data_set_has_the_documented_size(clock: SandboxClock) -> None:
    sandbox = Sandbox(clock=clock)
    leads, activities = sandbox.expected.leads(), sandbox.expected.activities()
    assert len(leads) + len(sandbox.expected.deleted_leads()) == pytest.approx(5000, abs=3)
    assert len(activities) == pytest.approx(20000, abs=5)
    assert len({activity["activityTypeId"] for activity in activities.values()}) >= 12
    assert 24 <= len(sandbox.expected.deleted_leads()) <= 60


def test_adjacent_ranges_select_each_row_once(clock: SandboxClock) -> None:
    sandbox = create_sandbox(clock)
    begin = sandbox.created_at - timedelta(days=366)
    leads: list[int] = []
    activities: list[str] = []
    for number in range(13):
        since, until = (
            begin + timedelta(days=30 * number),
            begin + timedelta(days=30 * number + 30),
        )
        month = {"startAt": f"{since:%FT%TZ}", "endAt": f"{until:%FT%TZ}"}
        leads += sandbox.expected.leads({"createdAt": month})
        activities += sandbox.expected.activities({"createdAt": month})
    assert leads == list(sandbox.expected.leads())
    assert activities == list(sandbox.expected.activities())


def test_leads_are_changed_and_created_every_hour(clock: SandboxClock) -> None:
    sandbox = create_sandbox(clock, leads=2000)
    before = sandbox.expected.leads()
    clock.advance(3600)
    after = sandbox.expected.leads()
    changed = {number for number in before if before[number] != after.get(number)}
    assert 10 <= len(changed) <= 60
    assert len(set(after) - set(before)) == pytest.approx(6, abs=2)
    assert before == sandbox.expected.leads(at=sandbox.created_at)


def test_the_updated_at_filter_selects_every_change_but_the_column_can_be_older(
    clock: SandboxClock,
) -> None:
    sandbox = create_sandbox(clock, late_seconds=0)
    before = sandbox.expected.leads()
    since = clock.now()
    clock.advance(86_400)
    day = {"startAt": f"{since:%FT%TZ}", "endAt": f"{clock.now():%FT%TZ}"}
    found = sandbox.expected.leads({"updatedAt": day})
    after = sandbox.expected.leads()
    assert {n for n, lead in after.items() if lead != before.get(n)} <= set(found)
    assert any(str(lead["updatedAt"]) < day["startAt"] for lead in found.values())


def test_the_updated_at_filter_selects_by_the_latest_change(clock: SandboxClock) -> None:
    sandbox = create_sandbox(clock)
    found = sandbox.expected.leads(UPDATED)
    assert 0 < len(found) < len(sandbox.expected.leads()) / 4


def test_some_changes_of_leads_become_visible_late(clock: SandboxClock) -> None:
    sandbox = create_sandbox(clock, leads=5000, late_seconds=7200)
    clock.advance(86_400)
    now = clock.now()
    day = {"updatedAt": {"startAt": f"{sandbox.created_at:%FT%TZ}", "endAt": f"{now:%FT%TZ}"}}
    early = sandbox.expected.leads(day)
    clock.advance(7200)
    late = sandbox.expected.leads(day)
    assert any(lead != early.get(number) for number, lead in late.items())


def activity_dates(activities: Mapping[str, Mapping[str, object]]) -> list[str]:
    return [str(activity["activityDate"]) for activity in activities.values()]


def test_some_activities_are_stored_late(clock: SandboxClock) -> None:
    sandbox = create_sandbox(clock, activities=0, new_activities_per_hour=600)
    clock.advance(7200)
    now = clock.now()
    day = {"createdAt": {"startAt": f"{sandbox.created_at:%FT%TZ}", "endAt": f"{now:%FT%TZ}"}}
    early = sandbox.expected.activities(day)
    clock.advance(2400)
    late = sandbox.expected.activities(day)
    stored_late = set(late) - set(early)
    assert 0 < len(stored_late) < 40
    assert (
        max(activity_dates({guid: late[guid] for guid in stored_late})) < day["createdAt"]["endAt"]
    )


def test_the_activity_filter_can_compare_the_instant_of_storage(clock: SandboxClock) -> None:
    many = {"activities": 0, "new_activities_per_hour": 600}
    by_stored, by_happened = (
        create_sandbox(clock, activity_filter="stored", **many),
        create_sandbox(clock, **many),
    )
    clock.advance(2 * 3600)
    since = f"{by_stored.created_at + timedelta(hours=1):%FT%TZ}"
    hour = {"createdAt": {"startAt": since, "endAt": f"{clock.now():%FT%TZ}"}}
    assert min(activity_dates(by_stored.expected.activities(hour))) < since
    assert min(activity_dates(by_happened.expected.activities(hour))) >= since


@pytest.mark.parametrize("inclusive", [False, True])
def test_end_at_is_exclusive_or_inclusive_by_option(
    clock: SandboxClock, *, inclusive: bool
) -> None:
    sandbox = create_sandbox(clock, end_at_inclusive=inclusive)
    number, lead = next(iter(sandbox.expected.leads(CREATED).items()))
    until = {"createdAt": {"startAt": MONTH["startAt"], "endAt": lead["createdAt"]}}
    since = {"createdAt": {"startAt": lead["createdAt"], "endAt": MONTH["endAt"]}}
    assert (number in sandbox.expected.leads(until)) is inclusive
    assert number in sandbox.expected.leads(since)


def test_deleted_leads_are_not_exported(clock: SandboxClock) -> None:
    sandbox = create_sandbox(clock)
    deleted = sandbox.expected.deleted_leads()
    deleted_ids = {lead["leadId"] for lead in deleted.values()}
    assert deleted_ids
    assert not deleted_ids & set(sandbox.expected.leads())
    earlier = min(str(lead["activityDate"]) for lead in deleted.values())
    before = datetime.fromisoformat(earlier) - timedelta(seconds=1)
    assert deleted_ids & set(sandbox.expected.leads(at=before))


def test_an_export_of_all_activity_types_can_contain_deletions(clock: SandboxClock) -> None:
    deletions = create_sandbox(clock, leads=5000).expected.deleted_leads()
    assert not set(deletions) & set(create_sandbox(clock, leads=5000).expected.activities())
    sandbox = create_sandbox(clock, leads=5000, exports_deletions=True)
    assert set(deletions) < set(sandbox.expected.activities())
    in_range = set(sandbox.expected.activities(CREATED)) & set(deletions)
    assert 0 < len(in_range) < len(deletions)
    assert not set(sandbox.expected.activities(CREATED | {"activityTypeIds": [1]})) & set(deletions)


def test_list_filters_select_members_which_change_over_time(clock: SandboxClock) -> None:
    sandbox = create_sandbox(clock)
    customers = sandbox.expected.leads({"staticListId": 2001})
    assert 0 < len(customers) < len(sandbox.expected.leads())
    assert sandbox.expected.leads({"staticListName": "Customers"}) == customers
    assert sandbox.expected.leads({"staticListName": "GL_OP_ALL_2021.Trade show 2026"})
    assert sandbox.expected.leads({"smartListName": "Lively people"})
    assert sandbox.expected.leads({"smartListId": 3002}) == {}
    clock.advance(30 * 86_400)
    assert set(sandbox.expected.leads({"staticListId": 2001})) != set(customers)


def test_activities_can_be_selected_by_type_and_primary_attribute(clock: SandboxClock) -> None:
    expected = create_sandbox(clock).expected
    forms = expected.activities(CREATED | {"activityTypeIds": [2]})
    one = expected.activities(CREATED | {"activityTypeIds": [2], "primaryAttributeValueIds": [16]})
    named = {"activityTypeIds": [2], "primaryAttributeValues": ["GL_OP_ALL_2021.MPS Outbound"]}
    assert {form["activityTypeId"] for form in forms.values()} == {2}
    assert 0 < len(one) < len(forms)
    assert expected.activities(CREATED | named) == one


def test_the_number_of_activity_types_can_be_increased(clock: SandboxClock) -> None:
    sandbox = create_sandbox(clock, many_types=30)
    added = [one.id for one in sandbox.data_set.activity_types if one.id > 100_100]
    assert len(added) == 30
    activities = sandbox.expected.activities({"createdAt": MONTH, "activityTypeIds": added})
    assert {activity["activityTypeId"] for activity in activities.values()} <= set(added)
    assert activities


def test_unsubscribes_and_merges_can_be_added(clock: SandboxClock) -> None:
    size = {"leads": 3000, "activities": 3000}
    default = create_sandbox(clock, **size).expected
    more = create_sandbox(clock, **size, more_activity_types=True).expected
    types = {one["activityTypeId"] for one in more.activities().values()}
    assert types - {one["activityTypeId"] for one in default.activities().values()} == {9, 32}
    assert set(more.activity_types()) - set(default.activity_types()) == {9, 32}
    selected = more.activities({"createdAt": MONTH, "activityTypeIds": [9]})
    assert {one["activityTypeId"] for one in selected.values()} == {9}


def test_a_merge_names_a_lead_that_was_deleted_at_the_same_time(clock: SandboxClock) -> None:
    expected = create_sandbox(clock, leads=5000, more_activity_types=True).expected
    deletions = {str(one["leadId"]): one for one in expected.deleted_leads().values()}
    merges = [one for one in expected.activities().values() if one["activityTypeId"] == 32]
    assert 0 < len(merges) < len(deletions)
    leads = expected.leads()
    for merge in merges:
        attributes = merge["attributes"]
        assert isinstance(attributes, dict)
        assert merge["activityDate"] == deletions[attributes["Merge IDs"]]["activityDate"]
        assert merge["leadId"] in leads


def test_lead_fields_can_be_added_and_removed(clock: SandboxClock) -> None:
    sandbox = create_sandbox(
        clock,
        leads=20,
        many_fields=300,
        extra_fields=(("shoeSize", "float"),),
        left_out_fields=("fax",),
        has_ecids=True,
        ecids_described=True,
    )
    columns = sandbox.expected.lead_columns()
    assert len(columns) >= 360
    assert columns["shoeSize"] == "float"
    assert "fax" not in columns
    assert "ecids" in columns
    before = next(iter(sandbox.expected.leads().values()))
    sandbox.remove_field("phone")
    sandbox.add_field("hat")
    after = next(iter(sandbox.expected.leads().values()))
    assert set(before) - set(after) == {"phone"}
    assert set(after) - set(before) == {"hat"}
    assert all(after[name] == before[name] for name in set(after) & set(before))


def test_a_data_set_can_have_no_changes(clock: SandboxClock) -> None:
    sandbox = create_sandbox(clock, leads=0, new_leads_per_hour=0, new_activities_per_hour=0)
    clock.advance(864_000)
    assert sandbox.expected.leads() == {}
    assert len(sandbox.expected.activities()) == 3000


def test_a_clock_runs_at_its_speed_and_can_be_advanced() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    still, fast, real = SandboxClock(begin, speed=0), SandboxClock(begin, speed=1e9), SandboxClock()
    still.advance(1.5)
    assert still.now() == begin + timedelta(seconds=1.5)
    assert fast.now() - begin > timedelta(seconds=1)
    assert abs(real.now() - datetime.now(UTC)) < timedelta(seconds=5)
