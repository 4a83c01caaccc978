"""The file of an export job, against the truth it was rendered from."""

import hashlib
import json
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Clock, Sandbox, nasty
from tap_marketo_bulk.sandbox.export_request import ACTIVITY_COLUMNS
from tests.support.api_client import CREATED, Client
from tests.support.export_reader import records, rows

from .conftest import Open

ACTIVITY_TYPES = dict.fromkeys(ACTIVITY_COLUMNS, "string") | {
    "leadId": "integer",
    "activityTypeId": "integer",
    "campaignId": "integer",
    "primaryAttributeValueId": "integer",
    "attributes": "json",
    "actionResult": "string",
}


def exported(client: Client, clock: Clock, kind: str, **changes: Any) -> bytes:  # noqa: ANN401 - JSON
    job = client.queued(kind, **changes)
    clock.advance(1)
    status = job.status()
    file = job.file()
    assert status["status"] == "Completed"
    assert status["fileSize"] == len(file.content)
    assert status["fileChecksum"] == f"sha256:{hashlib.sha256(file.content).hexdigest()}"
    assert file.headers["Content-Type"] == "text/csv;charset=UTF-8"
    return file.content


@pytest.mark.parametrize(
    ("file_format", "separator", "style"),
    [("CSV", ",", ";"), ("TSV", "\t", ";"), ("SSV", ";", ";"), ("SSV", " ", " ")],
)
def test_a_file_of_leads_holds_the_truth_in_every_format(
    start: Open, clock: Clock, file_format: str, separator: str, style: str
) -> None:
    sandbox, client = start(leads=3000, ssv_separator=style)
    types = sandbox.expected.lead_columns()
    body = {"fields": list(types), "format": file_format}
    file = exported(client, clock, "leads", **body)
    at = sandbox.jobs[0].started_at
    assert records(file, types, separator) == list(sandbox.expected.leads(CREATED, at=at).values())


def test_a_file_of_activities_holds_the_truth(start: Open, clock: Clock) -> None:
    sandbox, client = start(activities=20000)
    file = exported(client, clock, "activities", fields=list(ACTIVITY_TYPES))
    truth = sandbox.expected.activities(CREATED)
    assert records(file, ACTIVITY_TYPES) == list(truth.values())
    assert len(truth) > 1000


def test_activities_come_with_the_documented_columns_by_default(start: Open, clock: Clock) -> None:
    _, client = start()
    file = exported(client, clock, "activities", fields=None)
    assert next(rows(file.decode())) == list(ACTIVITY_COLUMNS)


def test_every_nasty_text_is_in_a_default_month(start: Open, clock: Clock) -> None:
    sandbox, client = start(leads=5000)
    file = exported(client, clock, "leads", fields=list(sandbox.expected.lead_columns()))
    found = {cell for row in rows(file.decode()) for cell in row}
    assert set(nasty.TEXTS) <= found
    assert b',"first"Name1",' in file
    assert b",lone\rreturn," in file
    assert b'"two\r\nlines, the DOS way"' in file


def test_every_data_type_is_among_the_lead_columns(start: Open) -> None:
    sandbox, _ = start()
    types = set(sandbox.expected.lead_columns().values())
    assert types == {
        *("string", "email", "phone", "url", "text", "textarea", "reference", "lead_function"),
        *("boolean", "integer", "Integer", "float", "Float", "currency", "score", "percent"),
        *("date", "datetime", "array", "link"),
    }
    assert len(sandbox.expected.lead_columns()) >= 60


def test_attributes_come_in_every_awkward_shape(start: Open) -> None:
    sandbox, client = start(activities=20000)
    described = {
        kind["id"]: {attribute["name"] for attribute in kind["attributes"]}
        for kind in client.result("/rest/v1/activities/types.json")
    }
    activities = sandbox.expected.activities().values()
    shapes = [(described[int(str(one["activityTypeId"]))], one["attributes"]) for one in activities]
    objects = [(known, given) for known, given in shapes if isinstance(given, dict)]
    assert any(given is None for _, given in shapes)
    assert any(not given for _, given in objects)
    assert any("Undocumented Note" in given for _, given in objects)
    assert any(known > set(given) for known, given in objects)
    assert any("Webpage Id" in given for _, given in objects)
    assert max(len(json.dumps(given)) for _, given in objects) > 131_072


def test_columns_can_be_renamed(start: Open, clock: Clock) -> None:
    _, client = start()
    renamed = {"columnHeaderNames": {"email": "E-Mail, private"}}
    file = exported(client, clock, "leads", fields=["id", "email"], **renamed)
    assert file.startswith(b'id,"E-Mail, private"\n')


def test_a_formula_field_is_an_empty_column(start: Open, clock: Clock) -> None:
    _, client = start()
    file = exported(client, clock, "leads", fields=["id", "fullName"])
    assert {row[1] for row in list(rows(file.decode()))[1:]} == {"null"}


@pytest.mark.parametrize(("style", "content"), [("nothing", b""), ("header", b"id\n")])
def test_a_job_without_records_has_an_empty_file(
    start: Open, clock: Clock, style: str, content: bytes
) -> None:
    _, client = start(leads=0, empty_file=style)
    assert exported(client, clock, "leads") == content


def columns_of(sandbox: Sandbox, *types: str) -> list[str]:
    return [name for name, of in sandbox.expected.lead_columns().items() if of in types]


@pytest.mark.parametrize("style", ["true", "True", "TRUE", "1"])
def test_booleans_come_in_several_styles(start: Open, clock: Clock, style: str) -> None:
    sandbox, client = start(boolean_style=style)
    file = exported(client, clock, "leads", fields=columns_of(sandbox, "boolean"))
    cells = {cell for row in list(rows(file.decode()))[1:] for cell in row}
    false = {"true": "false", "True": "False", "TRUE": "FALSE", "1": "0"}[style]
    assert cells == {style, false, "null"}


def test_whole_numbers_can_come_with_a_decimal_point(start: Open, clock: Clock) -> None:
    sandbox, client = start()
    file = exported(client, clock, "leads", fields=columns_of(sandbox, "score", "percent"))
    assert b"0.0" in file


def test_empty_texts_and_fractions_come_when_asked_for(start: Open) -> None:
    sandbox, _ = start(leads=1000, empty_strings=True, fraction_in_integer=True)
    leads = sandbox.expected.leads().values()
    assert any(lead["firstName"] == "" for lead in leads)
    assert any(isinstance(lead["seats__c"], float) for lead in leads)
    calm, _ = start(leads=1000)
    calm_leads = calm.expected.leads().values()
    assert not any(lead["firstName"] == "" for lead in calm_leads)
    assert not any(isinstance(lead["seats__c"], float) for lead in calm_leads)


def test_notes_can_be_padded_to_get_large_files(start: Open, clock: Clock) -> None:
    _, client = start(lead_padding_bytes=10_000)
    file = exported(client, clock, "leads", fields=["mktoPersonNotes"])
    assert {len(line) for line in file.splitlines()[1:]} == {10_000}


def test_a_part_of_the_file_can_be_asked_for(start: Open, clock: Clock) -> None:
    sandbox, client = start()
    job = client.queued()
    clock.advance(1)
    whole = job.file().content
    middle = job.file(Range="bytes=5-9")
    assert (middle.status_code, middle.content) == (206, whole[5:10])
    assert middle.headers["Content-Range"] == f"bytes 5-9/{len(whole)}"
    assert job.file(Range="bytes=7-").content == whole[7:]
    assert job.file(Range="bytes=-3").content == whole[-3:]
    assert job.file(Range="lines=1-2").status_code == 200
    beyond = job.file(Range=f"bytes={len(whole)}-")
    assert (beyond.status_code, beyond.content) == (416, b"")
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole)}"
    assert sandbox.jobs[0].downloads == 5
    assert sandbox.jobs[0].bytes_sent == 3 * len(whole) + 1
