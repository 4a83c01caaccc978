"""The pages of the Asset API, also while assets are created, changed and removed."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import AccessDeniedError, ApiError, InvalidResponseError
from tap_marketo_bulk.marketo import lists
from tap_marketo_bulk.marketo.describe import flat_lead_field_entries
from tap_marketo_bulk.marketo.lists import iter_static_list_pages, usage_by_day
from tap_marketo_bulk.sandbox import Fault, Options
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.http_host import Host

FORMS = lists.FORMS_PATH
EMAILS = f"{lists.ASSETS_PATH}/emails.json"
DAY = 86400
MANY = 450
START = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def options() -> Options:
    """Some more assets than two pages have; none is created or changed."""
    return Options(leads=5, activities=5, many_assets=MANY, new_assets_per_day=0)


def ids(pages: Any) -> list[int]:  # noqa: ANN401 - pages of entries
    return [entry["id"] for page in pages for entry in page]


def calls(sandbox: Sandbox, name: str) -> int:
    return [call.name for call in sandbox.calls].count(name)


def test_pages_overlap_and_each_asset_is_returned_once(client: Client, sandbox: Sandbox) -> None:
    found = ids(lists.iter_asset_pages(client, FORMS))
    assert len(found) == len(set(found)) == len(sandbox.expected.forms())
    assert calls(sandbox, "forms") == 3


@pytest.mark.parametrize("options", [Options(leads=5, activities=5, many_assets=195)])
def test_a_full_last_page_is_followed_by_a_short_one(client: Client, sandbox: Sandbox) -> None:
    assert len(ids(lists.iter_asset_pages(client, FORMS))) == 200
    assert calls(sandbox, "forms") == 2


@pytest.mark.parametrize(
    "options",
    [
        Options(leads=5, activities=5, many_assets=MANY, asset_order=order, new_assets_per_day=24)
        for order in ("name", "id", "updatedAt")
    ],
)
@pytest.mark.parametrize("days", [1, 20])
def test_no_asset_disappears_if_others_are_created_or_changed_between_pages(
    client: Client, sandbox: Sandbox, days: int
) -> None:
    before = set(sandbox.expected.forms())
    fault = Fault("advance_clock", call="forms", seconds=days * DAY, times=1)
    sandbox.faults.append(fault)
    found = ids(lists.iter_asset_pages(client, FORMS))
    assert before <= set(found)
    assert len(found) == len(set(found))


def test_no_asset_disappears_if_changed_ones_leave_the_filtered_list(
    client: Client, sandbox: Sandbox
) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    before = {
        key
        for key, entry in sandbox.expected.emails(at=now).items()
        if str(entry["updatedAt"]) < "2026-03-01T00:00:00Z"
    }
    sandbox.faults.append(Fault("advance_clock", call="emails", seconds=DAY, times=1))
    found = set(ids(lists.iter_changed_asset_pages(client, EMAILS, START, now)))
    # Those that were changed meanwhile are left for the next run.
    later = {
        key
        for key, entry in sandbox.expected.emails().items()
        if str(entry["updatedAt"]) >= "2026-03-01T00:00:00Z"
    }
    assert len(before & later) > lists.OVERLAP
    assert before - later <= found


# Lists that the sandbox does not have.


def page(first: int, count: int, **members: object) -> list[bytes]:
    entries = [{"id": first + number, **members} for number in range(count)]
    return http_response({"success": True, "result": entries})


EMPTY = http_response({"success": True, "warnings": ["No assets found"]})


def read(client: Client) -> list[int]:
    return ids(itertools.islice(lists.iter_asset_pages(client, FORMS), 50))


def test_an_empty_list_has_no_assets(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    assert read(client_of(host(TOKEN_RESPONSE, EMPTY).url)) == []


def test_the_pages_are_read_again_if_the_list_moved_further_than_the_overlap(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    # 30 of the first 200 assets are removed before the second call.
    first, moved = page(0, 200), page(210, 90)
    marketo = host(TOKEN_RESPONSE, first, moved, page(30, 200), page(210, 90))
    assert read(client_of(marketo.url)) == [*range(200), *range(210, 300), *range(200, 210)]
    offsets = [request.partition(b"offset=")[2].split(b" ")[0] for request in marketo.requests[1:]]
    assert offsets == [b"0", b"180", b"0", b"180"]


@pytest.mark.parametrize("responses", [[page(0, 200)], [page(0, 200), EMPTY] * 5])
def test_a_list_that_cannot_be_read_to_its_end_is_an_error(
    host: Callable[..., Host], client_of: Callable[..., Client], responses: list[list[bytes]]
) -> None:
    marketo = host(TOKEN_RESPONSE, *responses)
    with pytest.raises(InvalidResponseError, match="changed during each of 5 attempts"):
        read(client_of(marketo.url))
    assert len(marketo.requests) == 1 + 2 * lists.MAX_PASSES


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["approved", "draft"], ["approved"]),
        (["Draft", "Approved"], ["Draft", "Approved"]),
        (["draft", "draft"], ["draft"]),
    ],
)
def test_the_approved_version_comes_last(
    host: Callable[..., Host],
    client_of: Callable[..., Client],
    statuses: list[str],
    expected: list[str],
) -> None:
    entries = [{"id": 1, "status": status} for status in statuses]
    marketo = host(TOKEN_RESPONSE, http_response({"success": True, "result": entries}))
    (found,) = lists.iter_asset_pages(client_of(marketo.url), FORMS)
    assert [entry["status"] for entry in found] == expected


def test_the_types_of_folders_have_one_spelling(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    entries = [{"id": 4, "folderId": {"id": 4, "type": kind}} for kind in ("FOLDER", "Program")]
    marketo = host(TOKEN_RESPONSE, http_response({"success": True, "result": entries}))
    (found,) = lists.iter_folder_pages(client_of(marketo.url))
    assert found == [{"id": 4, "type": "Folder"}, {"id": 4, "type": "Program"}]


def test_program_types_of_tags_can_be_a_list(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    member = "applicableProgramTypes"
    values = ["[a, b]", "[]", ["a"], None]
    entries = [{"tagType": str(number), member: it} for number, it in enumerate(values)]
    marketo = host(TOKEN_RESPONSE, http_response({"success": True, "result": entries}))
    (found,) = lists.iter_tag_pages(client_of(marketo.url))
    assert [entry[member] for entry in found] == [["a", "b"], [], ["a"], None]


def test_only_an_error_about_the_folder_reads_forms_by_folder(
    client: Client, sandbox: Sandbox
) -> None:
    fault = Fault("envelope", call="forms", code="1003", message="Something else", times=None)
    sandbox.faults.append(fault)
    with pytest.raises(ApiError, match="Something else"):
        list(lists.iter_form_pages(client))
    assert calls(sandbox, "folders") == 0


def test_lists_without_an_instant_count_as_changed(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    denied = {"success": False, "errors": [{"code": "603", "message": "Access denied"}]}
    updated = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z+0000", "soon", None]
    entries = [{"id": number, "updatedAt": it} for number, it in enumerate(updated)]
    found = {"success": True, "result": [*entries, {"id": 4}]}
    marketo = host(TOKEN_RESPONSE, http_response(denied), http_response(found))
    start, end = datetime(2026, 6, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
    assert ids(iter_static_list_pages(client_of(marketo.url), start, end)) == [1, 2, 3, 4]


def test_lists_that_are_denied_after_the_first_page_are_not_read_from_the_other_api(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    denied = {"success": False, "errors": [{"code": "603", "message": "Access denied"}]}
    page = [{"id": number, "updatedAt": "2026-05-01T00:00:00Z+0000"} for number in range(200)]
    first = http_response({"success": True, "result": page})
    marketo = host(TOKEN_RESPONSE, first, http_response(denied))
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
    pages = iter_static_list_pages(client_of(marketo.url), start, end)
    assert len(next(pages)) == 200
    with pytest.raises(AccessDeniedError):
        next(pages)


def test_days_that_only_one_report_has_are_returned_too(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    usage = [{"date": "2026-03-02", "total": 1, "users": []}]
    errors = [
        {"date": "2026-03-01", "total": 2, "errors": []},
        {"date": "2026-03-02", "total": 3, "errors": []},
    ]
    responses = [http_response({"success": True, "result": it}) for it in (usage, errors)]
    marketo = host(TOKEN_RESPONSE, *responses)
    assert usage_by_day(client_of(marketo.url)) == [
        {"date": "2026-03-01", "errorTotal": 2, "errors": []},
        {"date": "2026-03-02", "total": 1, "users": [], "errorTotal": 3, "errors": []},
    ]


def test_an_entry_of_another_shape_is_an_error(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response({"success": True, "result": [{"rest": "name"}]}))
    with pytest.raises(InvalidResponseError):
        flat_lead_field_entries(client_of(marketo.url))


def test_a_missing_permission_is_an_error_that_names_it(client: Client, sandbox: Sandbox) -> None:
    sandbox.faults.append(Fault("envelope", call="forms", code="603", times=None))
    with pytest.raises(AccessDeniedError, match="Read-Only Assets"):
        list(lists.iter_asset_pages(client, FORMS))
