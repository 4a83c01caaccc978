"""The export file of a job, compared with the expected rows."""

import json

import pytest

from tap_marketo_bulk.sandbox import SandboxClock
from tap_marketo_bulk.sandbox.edge_cases import EDGE_CASE_TEXTS
from tap_marketo_bulk.sandbox.exports.objects import DEFAULT_ACTIVITY_COLUMNS
from tests.support.api_client import CREATED, export_file
from tests.support.export_reader import read_file, read_rows

from .conftest import StartSandbox

ACTIVITY_DATA_TYPES = dict.fromkeys(DEFAULT_ACTIVITY_COLUMNS, "string") | {
    "leadId": "integer",
    "activityTypeId": "integer",
    "campaignId": "integer",
    "primaryAttributeValueId": "integer",
    "attributes": "json",
    "actionResult": "string",
}


def test_a_client_can_export_leads(start: StartSandbox, clock: SandboxClock) -> None:
    sandbox, client = start()
    job = client.enqueue_job()
    clock.advance(1)
    status = job.status()
    lines = job.get_file().text.splitlines()
    expected = sandbox.expected.leads(CREATED)
    assert status["numberOfRecords"] == len(expected) > 0
    assert [int(line) for line in lines[1:]] == list(expected)


@pytest.mark.parametrize(
    ("file_format", "separator", "style"),
    [("CSV", ",", ";"), ("TSV", "\t", ";"), ("SSV", ";", ";"), ("SSV", " ", " ")],
)
def test_a_lead_file_contains_the_expected_rows_in_every_format(
    start: StartSandbox, clock: SandboxClock, file_format: str, separator: str, style: str
) -> None:
    sandbox, client = start(leads=3000, ssv_separator=style)
    types = sandbox.expected.lead_columns()
    body = {"fields": list(types), "format": file_format}
    file = export_file(client, clock, "leads", **body)
    at = sandbox.jobs[0].started_at
    assert read_file(file, types, separator) == list(
        sandbox.expected.leads(CREATED, at=at).values()
    )


def test_an_activity_file_contains_the_expected_rows(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(activities=20000)
    file = export_file(client, clock, "activities", fields=list(ACTIVITY_DATA_TYPES))
    expected = sandbox.expected.activities(CREATED)
    assert read_file(file, ACTIVITY_DATA_TYPES) == list(expected.values())
    assert len(expected) > 1000


def test_an_activity_file_has_the_documented_columns_by_default(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start()
    file = export_file(client, clock, "activities", fields=None)
    assert next(read_rows(file.decode())) == list(DEFAULT_ACTIVITY_COLUMNS)


def test_a_month_of_the_default_leads_contains_every_edge_case_text(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(leads=5000)
    file = export_file(client, clock, "leads", fields=list(sandbox.expected.lead_columns()))
    cells = {cell for row in read_rows(file.decode()) for cell in row}
    assert set(EDGE_CASE_TEXTS) <= cells
    assert b',"first"Name1",' in file
    assert b",lone\rreturn," in file
    assert b'"two\r\nlines, the DOS way"' in file


def test_lead_columns_have_every_data_type(start: StartSandbox) -> None:
    sandbox, _ = start()
    types = set(sandbox.expected.lead_columns().values())
    assert types == {
        *("string", "email", "phone", "url", "text", "textarea", "reference", "lead_function"),
        *("boolean", "integer", "Integer", "float", "Float", "currency", "score", "percent"),
        *("date", "datetime", "array", "link"),
    }
    assert len(sandbox.expected.lead_columns()) >= 60


def test_activity_attributes_include_the_edge_cases(start: StartSandbox) -> None:
    sandbox, client = start(activities=20000)
    described = {
        one["id"]: {attribute["name"] for attribute in one["attributes"]}
        for one in client.get_result("/rest/v1/activities/types.json")
    }
    activities = sandbox.expected.activities().values()
    pairs = [(described[int(str(one["activityTypeId"]))], one["attributes"]) for one in activities]
    objects = [(known, given) for known, given in pairs if isinstance(given, dict)]
    assert any(given is None for _, given in pairs)
    assert any(not given for _, given in objects)
    assert any("Undocumented Note" in given for _, given in objects)
    assert any(known > set(given) for known, given in objects)
    assert any("Webpage Id" in given for _, given in objects)
    assert max(len(json.dumps(given)) for _, given in objects) > 131_072


def test_headers_can_be_renamed(start: StartSandbox, clock: SandboxClock) -> None:
    _, client = start()
    renamed = {"columnHeaderNames": {"email": "E-Mail, private"}}
    file = export_file(client, clock, "leads", fields=["id", "email"], **renamed)
    assert file.startswith(b'id,"E-Mail, private"\n')


def test_the_column_of_a_formula_field_is_empty(start: StartSandbox, clock: SandboxClock) -> None:
    _, client = start()
    file = export_file(client, clock, "leads", fields=["id", "fullName"])
    assert {row[1] for row in list(read_rows(file.decode()))[1:]} == {"null"}


def test_a_file_without_rows_is_empty(start: StartSandbox, clock: SandboxClock) -> None:
    _, client = start(leads=0)
    assert export_file(client, clock) == b""


def test_fractions_of_integers_are_optional(start: StartSandbox) -> None:
    sandbox, _ = start(leads=1000, fraction_in_integer=True)
    leads = sandbox.expected.leads().values()
    assert any(isinstance(lead["seats__c"], float) for lead in leads)
    default, _ = start(leads=1000)
    default_leads = default.expected.leads().values()
    assert not any(isinstance(lead["seats__c"], float) for lead in default_leads)


def test_lead_padding_sets_the_length_of_the_notes(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start(lead_padding_bytes=10_000)
    file = export_file(client, clock, "leads", fields=["mktoPersonNotes"])
    assert {len(line) for line in file.splitlines()[1:]} == {10_000}


def test_a_range_request_returns_a_part_of_the_file(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start()
    job = client.enqueue_job()
    clock.advance(1)
    whole = job.get_file().content
    middle = job.get_file(Range="bytes=5-9")
    assert (middle.status_code, middle.content) == (206, whole[5:10])
    assert middle.headers["Content-Range"] == f"bytes 5-9/{len(whole)}"
    assert job.get_file(Range="bytes=7-").content == whole[7:]
    assert job.get_file(Range="bytes=-3").content == whole[-3:]
    assert job.get_file(Range="lines=1-2").status_code == 200
    beyond = job.get_file(Range=f"bytes={len(whole)}-")
    assert (beyond.status_code, beyond.content) == (416, b"")
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole)}"
    assert sandbox.jobs[0].downloads == 5
    assert sandbox.jobs[0].bytes_sent == 3 * len(whole) + 1
