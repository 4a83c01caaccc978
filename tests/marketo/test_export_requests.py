"""Requests for exports: unknown fields, filters, headers and digests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import UnknownFieldsError, UnsupportedFilterError
from tap_marketo_bulk.marketo.exports import ExportRequest, Exports, JobStatus
from tests.support.lead_exports import FEBRUARY, LEADS, small

if TYPE_CHECKING:
    from tests.support.clock import TapClock


@small(left_out_fields=("email",))
def test_unknown_fields_are_named(exports: Exports) -> None:
    with pytest.raises(UnknownFieldsError) as caught:
        exports.create(LEADS)
    assert caught.value.fields == ("email",)
    assert exports.create(LEADS.without(caught.value.fields)).status is JobStatus.CREATED


@small(updated_at_filter=False)
def test_a_filter_that_the_subscription_lacks_is_an_error(exports: Exports) -> None:
    with pytest.raises(UnsupportedFilterError):
        exports.create(replace(LEADS, filter={"updatedAt": FEBRUARY["createdAt"]}))


def test_columns_can_have_other_headers(exports: Exports, clock: TapClock) -> None:
    request = replace(LEADS, column_header_names={"email": "E-Mail"})
    export_id = exports.create(request).export_id
    exports.enqueue("leads", export_id)
    clock.sleep(60)
    with exports.open_file("leads", export_id, 0) as file:
        header = file.read_body().split(b"\n")[0].decode()
    assert header == "id,E-Mail" == ",".join(request.header)


def test_a_request_without_some_fields_has_the_others() -> None:
    request = replace(LEADS, column_header_names={"id": "Id", "email": "E-Mail"})
    rest = request.without(["email"])
    assert rest.header == ("Id",)
    assert rest.body == {
        "fields": ["id"],
        "format": "CSV",
        "filter": FEBRUARY,
        "columnHeaderNames": {"id": "Id"},
    }


def test_the_digest_depends_on_the_whole_request_and_nothing_else() -> None:
    assert LEADS.digest == "a9e553e8b895d26f"
    assert LEADS.digest == ExportRequest("leads", ("id", "email"), dict(FEBRUARY)).digest
    others = [
        replace(LEADS, object_path="activities"),
        replace(LEADS, fields=("email", "id")),
        replace(LEADS, format="TSV"),
        replace(LEADS, filter={"updatedAt": FEBRUARY["createdAt"]}),
    ]
    assert len({request.digest for request in [LEADS, *others]}) == 5


def test_the_digest_does_not_depend_on_headers() -> None:
    assert LEADS.with_header("id", "Id").digest == LEADS.digest
    assert LEADS.with_header("id", "Id").header == ("Id", "email")
