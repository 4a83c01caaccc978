"""File formats, and columns that Describe Lead and Get Activity Types do not list."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.marketo.exports import ExportRequest, JobStatus
from tap_marketo_bulk.rows.csv_file import ExpectedFormat, FileStats, read_blocks
from tap_marketo_bulk.rows.field_types import type_of
from tap_marketo_bulk.rows.records import RecordFields, RowConverter
from tap_marketo_bulk.rows.values import InvalidValueHandler, InvalidValuePolicy
from tap_marketo_bulk.sandbox import Options
from tests.support.clock import NOW
from tests.support.runs import selecting
from tests.support.typed_activities import expected_records, table, types_by_stream

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import TapRunner

EVERYTHING = {"start_date": "2025-01-01", "lag_minutes": 0, "poll_seconds": 0.001}
BASE = Options(leads=150, activities=400, late_seconds=0, job_seconds=0)
DEMO = "activities_product_demo"


@pytest.mark.parametrize(
    ("options", "file_format"),
    [
        (BASE, "CSV"),
        (BASE, "TSV"),
        (BASE, "SSV"),
        (replace(BASE, ssv_separator=" "), "SSV"),
    ],
    ids=["commas", "tabs", "semicolons", "spaces"],
)
def test_every_file_format_gives_the_same_records(
    tap: TapRunner, sandbox: Sandbox, file_format: str
) -> None:
    catalog = selecting(tap.discover(), "activities", DEMO, "leads")
    run = tap.run(catalog=catalog, config=EVERYTHING | {"file_format": file_format})
    assert {job.request["format"] for job in sandbox.jobs} == {file_format}
    activities = sandbox.expected.activities(at=NOW)
    assert run.table("leads") == sandbox.expected.leads(at=NOW)
    assert run.table("activities") == activities
    assert table(DEMO, run) == expected_records(types_by_stream(sandbox)[DEMO], activities)


@pytest.mark.parametrize("options", [replace(BASE, ssv_separator=" ")])
def test_values_with_spaces_are_read_from_a_file_separated_by_spaces(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    for item in catalog["streams"][-1]["metadata"]:
        if item["breadcrumb"] and item["breadcrumb"][1] not in ("id", "updatedAt", "lastName"):
            item["metadata"] |= {"selected": False, "inclusion": "available"}
    run = tap.run(catalog=catalog, config=EVERYTHING | {"file_format": "SSV"})
    assert run.error is None
    leads = sandbox.expected.leads(at=NOW)
    assert {record["id"]: record["lastName"] for record in run.records("leads")} == {
        key: lead["lastName"] for key, lead in leads.items()
    }


@pytest.mark.parametrize("options", [BASE])
def test_action_results_are_exported_and_emitted(tap: TapRunner, sandbox: Sandbox) -> None:
    run = tap.run(catalog=selecting(tap.discover(), "activities", DEMO), config=EVERYTHING)
    assert all("actionResult" in job.request["fields"] for job in sandbox.jobs)  # type: ignore[operator] # a list
    for stream in ("activities", DEMO):
        results = {record["actionResult"] for record in run.records(stream)}
        assert results == {"succeeded", "skipped", "failed"}


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (replace(BASE, has_ecids=True, ecids_described=True), {}),
        (replace(BASE, has_ecids=True), {"extra_lead_fields": ["ecids"]}),
        (
            replace(BASE, has_ecids=True, ecids_described=True),
            {"extra_lead_fields": ["ecids", "email"]},
        ),
    ],
    ids=["described", "named", "both"],
)
def test_ecids_can_be_selected_and_are_exported(
    tap: TapRunner, sandbox: Sandbox, settings: dict[str, Any]
) -> None:
    tap.config = EVERYTHING | settings
    run = tap.run(catalog=selecting(tap.discover(), "leads"))
    assert run.table("leads") == sandbox.expected.leads(at=NOW)
    assert any(record["ecids"] for record in run.records("leads"))
    # Describe Lead takes precedence over extra_lead_fields.
    assert run.schemas["leads"]["schema"]["properties"]["email"]["title"] != "email"


@pytest.mark.parametrize("options", [BASE])
def test_an_extra_field_that_marketo_does_not_have_is_null(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    tap.config = EVERYTHING | {"extra_lead_fields": ["ecids"]}
    run = tap.run(catalog=selecting(tap.discover(), "leads"))
    assert run.error is None
    assert {record.get("ecids") for record in run.records("leads")} == {None}
    (message,) = [text for text in caplog.messages if "does not know the field" in text]
    assert "the field ecids, which the setting extra_lead_fields names. Its column" in message
    assert "no longer" not in caplog.text


@pytest.mark.parametrize("options", [BASE])
def test_a_file_with_other_column_headers_is_read(
    exports: Exports, sandbox: Sandbox, tmp_path: Path
) -> None:
    names = {"id": "Marketo Id", "email": "E-Mail, private"}
    columns = ("id", "email", "createdAt")
    request = ExportRequest("leads", columns, {"staticListId": 2001}, column_header_names=names)
    job = exports.create(request)
    exports.enqueue("leads", job.export_id)
    assert exports.status("leads", job.export_id).status is JobStatus.COMPLETED
    path = tmp_path / "file"
    with exports.open_file("leads", job.export_id, 0) as response:
        path.write_bytes(b"".join(response.iter_chunks()))
    assert path.read_bytes().startswith(b'Marketo Id,"E-Mail, private",createdAt\n')
    types = {
        name: type_of(data_type) for name, data_type in sandbox.expected.lead_columns().items()
    }
    schema = RecordFields(
        "leads",
        {name: types[name] for name in columns},
        ("id",),
        frozenset(["id"]),
        with_invalid_values=False,
    )
    with path.open("rb") as file:
        headers = dict(zip(request.header, request.fields, strict=True))
        fields, blocks = read_blocks(file, ExpectedFormat(headers, [","]), FileStats())
        converter = RowConverter(fields, schema, InvalidValueHandler(InvalidValuePolicy.FAIL))
        rows = [record for block in blocks for record in converter.convert(block)]
    assert rows == [
        {name: lead[name] for name in columns}
        for lead in sandbox.expected.leads({"staticListId": 2001}).values()
    ]
