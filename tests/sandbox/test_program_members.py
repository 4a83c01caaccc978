"""Program members: describe and bulk export, compared with the expected rows."""

from datetime import timedelta

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.api_client import UPDATED, export_file
from tests.support.export_reader import read_file, read_rows

from .conftest import StartSandbox

MEMBERS = "program/members"
ONE_PROGRAM = {"programId": 1001}


def test_describe_returns_standard_and_custom_fields(start: StartSandbox) -> None:
    sandbox, client = start()
    (described,) = client.get_result("/rest/v1/programs/members/describe.json")
    fields = {field["name"]: field for field in described["fields"]}
    assert described["dedupeFields"] == ["leadId", "programId"]
    assert {name: one["dataType"] for name, one in fields.items()} == (
        sandbox.expected.member_column_types()
    )
    assert fields["nurtureCadence"] == {
        "name": "nurtureCadence",
        "displayName": "nurtureCadence",
        "dataType": "string",
        "length": 4,
        "updateable": False,
        "crmManaged": False,
    }
    assert fields["dietaryNeeds"]["updateable"]
    assert len(fields) >= 25


def test_a_file_contains_the_expected_members_of_one_program(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(leads=2000)
    types = sandbox.expected.member_column_types()
    file = export_file(client, clock, MEMBERS, fields=list(types), filter=ONE_PROGRAM)
    expected = sandbox.expected.program_members(ONE_PROGRAM, at=sandbox.jobs[0].started_at)
    assert read_file(file, types) == list(expected.values())
    assert len(expected) > 200


def test_the_export_of_several_programs_has_the_program_id_as_first_column(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start()
    programs = {"programIds": [1001, 1002, 1004]}
    file = export_file(client, clock, MEMBERS, fields=["leadId", "statusName"], filter=programs)
    header, *rows = read_rows(file.decode())
    assert header == ["programId", "leadId", "statusName"]
    expected = sandbox.expected.program_members(programs, at=sandbox.jobs[0].started_at)
    assert {(int(lead), int(program)) for program, lead, _ in rows} == set(expected)
    assert {program for _, program in expected} == set(programs["programIds"])


@pytest.mark.parametrize(
    ("style", "headers", "header"),
    [
        ("twice", {}, ["programId", "leadId", "programId"]),
        ("twice", {"programId": "tag"}, ["programId", "leadId", "tag"]),
        ("once", {}, ["programId", "leadId"]),
        ("once", {"programId": "tag"}, ["tag", "leadId"]),
    ],
)
def test_a_requested_program_id_column_is_added_again_or_not_by_option(
    start: StartSandbox,
    clock: SandboxClock,
    style: str,
    headers: dict[str, str],
    header: list[str],
) -> None:
    _, client = start(program_id_column=style)
    body = {"fields": ["leadId", "programId"], "columnHeaderNames": headers}
    file = export_file(client, clock, MEMBERS, **body, filter={"programIds": [1002]})
    found, *rows = read_rows(file.decode())
    assert found == header
    assert {row[0] for row in rows} == {"1002"}
    assert {row[2] for row in rows if style == "twice"} <= {"1002"}


def test_with_one_program_the_program_id_is_a_usual_column(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start(program_id_column="twice")
    file = export_file(client, clock, MEMBERS, fields=["leadId", "programId"], filter=ONE_PROGRAM)
    assert file.startswith(b"leadId,programId\n")


@pytest.mark.parametrize(("style", "cells"), [("1", {"0", "1"}), ("true", {"true", "false"})])
def test_booleans_are_digits_or_words_by_option(
    start: StartSandbox, clock: SandboxClock, style: str, cells: set[str]
) -> None:
    _, client = start(member_true_text=style)
    file = export_file(client, clock, MEMBERS, fields=["reachedSuccess"])
    assert {row[0] for row in list(read_rows(file.decode()))[1:]} == cells


def test_lead_fields_can_be_exported_with_member_fields(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start()
    file = export_file(
        client, clock, MEMBERS, fields=["createdAt", "email", "unsubscribed", "leadId"]
    )
    at = sandbox.jobs[0].started_at
    leads = sandbox.expected.leads(at=at)
    members = sandbox.expected.program_members(ONE_PROGRAM, at=at)
    rows = list(read_rows(file.decode()))[1:]
    assert {(row[0], int(row[3])) for row in rows} == {
        (member["createdAt"], member["leadId"]) for member in members.values()
    }
    assert all(
        leads[int(row[3])]["email"] == (None if row[1] == "null" else row[1]) for row in rows
    )
    assert {row[2] for row in rows} == {"true", "false", "null"}


def test_memberships_begin_and_change_over_time(clock: SandboxClock) -> None:
    sandbox = Sandbox(Options(leads=1000, late_seconds=0), clock=clock)
    before = sandbox.expected.program_members()
    clock.advance(86_400)
    after = sandbox.expected.program_members()
    changed = {key for key, member in after.items() if member != before.get(key)}
    since = sandbox.created_at + timedelta(seconds=1)
    day = {"updatedAt": {"startAt": f"{since:%FT%TZ}", "endAt": f"{clock.now():%FT%TZ}"}}
    selected: set[tuple[int, int]] = set()
    for program_id in {program for _, program in after}:
        selected |= set(sandbox.expected.program_members(day | {"programId": program_id}))
    assert selected == changed
    assert set(after) - set(before)
    assert changed & set(before)


def test_members_have_a_status_of_the_channel_and_reach_success(clock: SandboxClock) -> None:
    members = Sandbox(Options(leads=2000), clock=clock).expected.program_members().values()
    roadshow = [member for member in members if member["programId"] == 1003]
    assert {member["statusName"] for member in roadshow} == {
        *("Invited", "Registered", "Waitlisted", "No Show", "Attended")
    }
    for member in members:
        assert (member["reachedSuccessDate"] is not None) is member["reachedSuccess"]
    assert {member["waitlistPriority"] for member in roadshow} == {None, 7}
    assert {member["nurtureCadence"] for member in members} == {None, "norm", "paus"}
    assert any(member["webinarUrl"] for member in members)
    assert any('"' in str(member["program"]) for member in members)


def test_filters_are_combined_with_and(clock: SandboxClock) -> None:
    expected = Sandbox(Options(leads=2000), clock=clock).expected
    nurture = {"programId": 1002}
    members = expected.program_members(nurture)

    def select(**filters: object) -> set[tuple[int, int]]:
        return set(expected.program_members(nurture | filters))

    exhausted = {key for key, member in members.items() if member["isExhausted"]}
    paused = {key for key, member in members.items() if member["nurtureCadence"] == "paus"}
    joined = {key for key, member in members.items() if member["statusName"] == "Member"}
    assert select(isExhausted=True) == exhausted
    assert select(isExhausted=False) == set(members) - exhausted
    assert select(nurtureCadence="paus") == paused
    assert select(nurtureCadence="norm") == set(members) - paused
    assert select(statusNames=["Member"]) == joined
    assert select(statusNames=["Member", "Influenced"]) == set(members)
    assert select(isExhausted=True, nurtureCadence="paus") == exhausted & paused != set()
    assert select(statusNames=["Member"], nurtureCadence="norm") == joined - paused
    updated = select(**UPDATED)
    assert set() < updated < set(members)
    assert select(**UPDATED, nurtureCadence="paus") == updated & paused


def test_outside_of_engagement_programs_nothing_is_exhausted(clock: SandboxClock) -> None:
    expected = Sandbox(Options(leads=200), clock=clock).expected
    assert expected.program_members(ONE_PROGRAM | {"isExhausted": False}) == {}


def test_the_number_of_programs_is_an_option(clock: SandboxClock) -> None:
    expected = Sandbox(Options(leads=500, programs=35), clock=clock).expected
    programs = {program for _, program in expected.program_members()}
    assert programs == set(range(1001, 1036))


def test_a_program_that_is_created_later_gets_members(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(leads=2000, new_assets_per_day=1, token_seconds=10**7)
    later = {"programId": 1013}
    error = client.api_error(client.create(MEMBERS, filter=later))
    assert error == ("1003", "Invalid program ids [1013]")
    clock.advance(86_400)
    assert client.create(MEMBERS, filter=later).json()["success"]
    clock.advance(86_400)
    assert sandbox.expected.program_members(later)


def test_members_are_removed_by_option(clock: SandboxClock) -> None:
    kept = Sandbox(Options(leads=500), clock=clock).expected.program_members()
    rest = Sandbox(Options(leads=500, removals=True), clock=clock).expected.program_members()
    assert set(rest) < set(kept)


def test_a_status_needs_to_be_in_one_of_the_programs_only(start: StartSandbox) -> None:
    _, client = start()
    filters = {"programIds": [1001, 1003], "statusNames": ["Attended", "Member"]}
    assert client.create(MEMBERS, filter=filters).json()["success"]
