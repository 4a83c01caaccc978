"""The data set without edge cases: values that fit their fields, activities in plausible orders."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tap_marketo_bulk.sandbox.data.people import PLACES
from tap_marketo_bulk.sandbox.edge_cases import EDGE_CASE_TEXTS
from tests.support.api_client import CREATED, MONTH
from tests.support.clock import NOW

VISIT, SEND, DELIVERED, OPEN, CLICK, UNSUBSCRIBE, NEW_LEAD, MERGE = 1, 6, 7, 10, 11, 9, 12, 32
Rows = dict[Any, dict[str, Any]]


def plausible(clock: SandboxClock, **options: object) -> Sandbox:
    values: dict[str, Any] = {"leads": 1000, "activities": 6000, **options}
    return Sandbox(Options(**values, edge_cases=frozenset()), clock=clock)


@pytest.fixture(name="leads", scope="module")
def lead_rows() -> Rows:
    return plausible(SandboxClock(NOW, speed=0)).expected.leads()


@pytest.fixture(name="activities", scope="module")
def activity_rows() -> Rows:
    return plausible(SandboxClock(NOW, speed=0)).expected.activities()


def test_every_lead_has_a_name_an_address_and_a_company(leads: Rows) -> None:
    for lead in leads.values():
        assert lead["firstName"].isalpha()
        assert lead["email"].isascii()
        assert lead["email"].endswith(".example")
        assert lead["title"]
        assert lead["company"]
        assert lead["industry"]
    assert len({lead["email"] for lead in leads.values()}) > 0.99 * len(leads)


def test_the_city_of_a_lead_is_in_its_country(leads: Rows) -> None:
    cities = {(place.city, place.state, place.country) for place in PLACES}
    assert {(one["city"], one["state"], one["country"]) for one in leads.values()} == cities


def test_the_facts_about_a_company_are_the_same_for_all_its_leads(leads: Rows) -> None:
    facts: dict[str, set[Any]] = defaultdict(set)
    for lead in leads.values():
        if lead["numberOfEmployees"] is not None:
            facts[lead["company"]].add((lead["industry"], lead["numberOfEmployees"]))
    assert max(map(len, facts.values())) == 1


def test_dates_of_the_past_are_between_creation_and_now(leads: Rows) -> None:
    demos = [one for one in leads.values() if one["lastDemo__c"]]
    assert demos
    for lead in demos:
        assert lead["createdAt"] <= lead["lastDemo__c"] <= f"{NOW:%FT%TZ}"


def test_a_change_does_not_make_a_lead_another_person(clock: SandboxClock) -> None:
    sandbox = plausible(clock)
    before = sandbox.expected.leads()
    clock.advance(30 * 86_400)
    after = sandbox.expected.leads()
    kept = [number for number in before if number in after]
    for number in kept:
        for name in ("firstName", "lastName", "email", "company", "city", "title"):
            assert after[number][name] == before[number][name]
    assert any(after[number]["leadScore"] != before[number]["leadScore"] for number in kept)


def test_no_text_is_an_edge_case(leads: Rows, activities: Rows) -> None:
    texts = {value for lead in leads.values() for value in lead.values()}
    texts |= {value for one in activities.values() for value in one["attributes"].values()}
    assert not texts & set(EDGE_CASE_TEXTS)
    numbers = [one for one in texts if isinstance(one, int)]
    assert all(0 <= one < 2**31 for one in numbers)


def test_additional_fields_have_values_of_their_type(clock: SandboxClock) -> None:
    types = ("email", "phone", "url", "link", "reference", "score", "percent", "date", "string")
    fields = tuple((f"{one}Field", one) for one in types)
    sandbox = plausible(clock, many_fields=8, extra_fields=fields)
    lead: Any = next(iter(sandbox.expected.leads().values()))
    assert lead["emailField"] == lead["email"]
    assert lead["urlField"].startswith("https://")
    assert isinstance(lead["extra1__c"], bool)
    assert isinstance(lead["extra2__c"], int)
    assert isinstance(lead["extra3__c"], float)
    assert lead["createdAt"] <= lead["extra5__c"]


def test_emails_are_sent_then_delivered_then_opened_then_clicked(activities: Rows) -> None:
    seen: dict[Any, set[int]] = defaultdict(set)
    ordered = sorted(activities.values(), key=lambda one: one["activityDate"])
    before = {DELIVERED: SEND, OPEN: DELIVERED, CLICK: OPEN}
    for one in ordered:
        type_id = one["activityTypeId"]
        key = (one["leadId"], one["primaryAttributeValueId"], one["campaignId"])
        if type_id in before:
            assert before[type_id] in seen[key]
        seen[key].add(type_id)


def test_activities_name_emails_and_campaigns_that_exist(clock: SandboxClock) -> None:
    sandbox = plausible(clock, new_assets_per_day=5)
    clock.advance(10 * 86_400)
    activities: Rows = sandbox.expected.activities()
    created: Any = {name: one["createdAt"] for name, one in sandbox.expected.emails().items()}
    sends = [one for one in activities.values() if one["activityTypeId"] == SEND]
    assert len({one["primaryAttributeValueId"] for one in sends}) > 8
    assert all(created[one["primaryAttributeValueId"]] <= one["activityDate"] for one in sends)
    campaigns = {one["campaignId"] for one in activities.values()} - {None}
    assert campaigns <= set(sandbox.expected.campaigns())


def test_a_lead_gets_an_email_once_in_a_run_of_a_campaign(activities: Rows) -> None:
    runs = Counter(
        (one["leadId"], one["primaryAttributeValueId"], one["attributes"]["Campaign Run ID"])
        for one in activities.values()
        if one["activityTypeId"] == SEND
    )
    assert max(runs.values()) == 1


def test_activities_have_plausible_proportions(activities: Rows) -> None:
    counts = Counter(one["activityTypeId"] for one in activities.values())
    assert 0.9 < counts[DELIVERED] / counts[SEND] < 1
    assert 0.2 < counts[OPEN] / counts[DELIVERED] < 0.5
    assert 0.15 < counts[CLICK] / counts[OPEN] < 0.45
    assert 0 < counts[UNSUBSCRIBE] < counts[CLICK] / 5
    assert counts[VISIT] > counts[CLICK]
    assert len(counts) > 15


def test_a_lead_has_activities_only_after_its_creation(clock: SandboxClock) -> None:
    sandbox = plausible(clock, leads=40, activities=400)
    leads: Rows = sandbox.expected.leads()
    activities: Rows = sandbox.expected.activities()
    known = [one for one in activities.values() if one["leadId"] in leads]
    assert known
    assert all(one["activityDate"] >= leads[one["leadId"]]["createdAt"] for one in known)
    new = {one["leadId"]: one for one in known if one["activityTypeId"] == NEW_LEAD}
    assert set(new) == set(leads)
    assert all(new[number]["activityDate"] == leads[number]["createdAt"] for number in new)


def test_a_merge_names_a_deleted_lead(clock: SandboxClock) -> None:
    expected = plausible(clock, leads=5000).expected
    deleted = {str(one["leadId"]) for one in expected.deleted_leads().values()}
    leads = expected.leads()
    merges = [one for one in expected.activities().values() if one["activityTypeId"] == MERGE]
    assert merges
    for merge in merges:
        attributes: Any = merge["attributes"]
        assert attributes["Merge IDs"] in deleted
        winner = leads[int(str(merge["leadId"]))]
        name = f"{winner['firstName']} {winner['lastName']}"
        assert merge["primaryAttributeValue"] == name


@pytest.mark.parametrize("new_per_hour", [0, 60])
@pytest.mark.parametrize("activity_filter", ["happened", "stored"])
def test_adjacent_ranges_select_each_activity_once(
    clock: SandboxClock, activity_filter: str, new_per_hour: int
) -> None:
    sandbox = plausible(
        clock,
        leads=60,
        activities=1500,
        new_activities_per_hour=new_per_hour,
        activity_filter=activity_filter,
        history_days=40,
    )
    clock.advance(5 * 86_400)
    begin = sandbox.created_at - timedelta(days=41)
    found: list[str] = []
    for number in range(12):
        since, until = (begin + timedelta(days=4 * n) for n in (number, number + 1))
        days = {"startAt": f"{since:%FT%TZ}", "endAt": f"{until:%FT%TZ}"}
        found += sandbox.expected.activities({"createdAt": days})
    everything = sandbox.expected.activities()
    assert len(found) == len(set(found))
    assert set(found) == set(everything)
    assert len(everything) >= 1500


def test_activity_types_have_distinct_names(clock: SandboxClock) -> None:
    types = plausible(clock).expected.activity_types()
    names = [str(one["name"]).casefold() for one in types.values()]
    assert len(set(names)) == len(names)
    assert {UNSUBSCRIBE, MERGE} <= set(types)


def test_custom_activities_and_their_types_can_be_added(clock: SandboxClock) -> None:
    sandbox = plausible(clock, many_types=3, activities=20_000)
    added = {"createdAt": MONTH, "activityTypeIds": [100_101, 100_102, 100_103]}
    rows = list(sandbox.expected.activities(added).values())
    assert rows
    attributes: Any = rows[0]["attributes"]
    assert set(attributes) == {"Amount", "Due On", "Is Open"}


def test_records_of_custom_objects_and_members_fit_their_lead(clock: SandboxClock) -> None:
    expected = plausible(clock).expected
    leads = expected.leads()
    orders = expected.custom_objects("purchaseOrder_c").values()
    pairs = [(one, leads[int(str(one["leadID"]))]) for one in orders if one["leadID"] in leads]
    assert pairs
    for order, lead in pairs:
        assert order["contactEmail"] == lead["email"]
        assert str(order["orderedOn"]) >= str(lead["createdAt"])[:10]
    members = expected.program_members()
    assert {one["dietaryNeeds"] for one in members.values()} > {"Vegan", None}


def test_assets_have_names_that_fit_their_kind(clock: SandboxClock) -> None:
    expected = plausible(clock, many_assets=30).expected
    names = [str(one["name"]) for one in expected.emails().values()]
    assert "Webinar invitation" in names
    assert len(set(names)) == len(names)
    assert "Top customers" in {one["name"] for one in expected.lists().values()}


def test_the_rows_are_the_same_whatever_is_read_first(clock: SandboxClock) -> None:
    one, other = plausible(clock), plausible(clock)
    month = one.expected.activities(CREATED)
    everything = other.expected.activities()
    assert {guid: everything[guid] for guid in month} == month
    assert one.expected.activities() == everything
    first = min(datetime.fromisoformat(str(row["activityDate"])) for row in month.values())
    assert first >= datetime.fromisoformat(MONTH["startAt"])
