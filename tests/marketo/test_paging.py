"""Pages of deleted leads, whose tokens come from a call of its own."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import InvalidResponseError
from tap_marketo_bulk.marketo.lists import iter_deleted_lead_pages
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.http_host import Host

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = http_response({"success": True, "nextPageToken": "A"})


def page(number: int, token: str | None) -> list[bytes]:
    """Return a page with one deletion and, where more pages follow, the token of the next one."""
    more = {"moreResult": bool(token), "nextPageToken": token}
    return http_response({"success": True, "result": [{"id": number}], **more})


def test_pages_are_read_until_no_more_follow(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    marketo = host(TOKEN_RESPONSE, FIRST, page(1, "B"), page(2, "C"), page(3, None))
    pages = iter_deleted_lead_pages(client_of(marketo.url), SINCE)
    assert list(pages) == [[{"id": 1}], [{"id": 2}], [{"id": 3}]]
    assert b"sinceDatetime=2026-01-01T00%3A00%3A00Z " in marketo.requests[1]
    tokens = [request.partition(b"nextPageToken=")[2][:1] for request in marketo.requests[2:]]
    assert tokens == [b"A", b"B", b"C"]


@pytest.mark.parametrize("tokens", [["A"], ["B", "B"], ["B", "A"], ["B", "C", "B"]], ids="-".join)
def test_a_token_that_was_used_before_is_an_error(
    host: Callable[..., Host], client_of: Callable[..., Client], tokens: list[str]
) -> None:
    pages = [page(number, token) for number, token in enumerate(tokens)]
    marketo = host(TOKEN_RESPONSE, FIRST, *pages)
    # Bounded, since reading without this error would not end.
    read = itertools.islice(iter_deleted_lead_pages(client_of(marketo.url), SINCE), 50)
    with pytest.raises(InvalidResponseError, match=r"deletedleads.json repeats a page token"):
        list(read)
    assert len(marketo.requests) == 2 + len(tokens)
