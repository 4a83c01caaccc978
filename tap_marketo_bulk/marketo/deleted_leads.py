"""Leads that were deleted or merged, which exports do not contain.

Sources: Adobe, "Get Paging Token" and "Get Deleted Leads".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import InvalidResponseError
from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.marketo.paging import iter_pages, next_page_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.envelope import Envelope

TOKEN_PATH = "/rest/v1/activities/pagingtoken.json"  # noqa: S105 - an address, no secret
PATH = "/rest/v1/activities/deletedleads.json"

Deletion = dict[str, Any]


def iter_deleted_lead_pages(client: Client, since: datetime) -> Iterator[list[Deletion]]:
    """Yield pages of deletions from ``since`` on, as Marketo returns them.

    A page can be short, and even empty, with more pages to come. Raises as ``Client.get`` and
    ``iter_pages``.
    """
    start = client.get(TOKEN_PATH, sinceDatetime=format_instant(since))
    pages = iter_pages(
        f"GET {PATH}",
        partial(_read_page, client),
        has_more=lambda page: bool(page.get("moreResult")),
        first_token=next_page_token(f"GET {TOKEN_PATH}", start),
    )
    for page in pages:
        yield _deletions(page)


def _read_page(client: Client, token: str) -> Envelope:
    return client.get(PATH, nextPageToken=token)


def _deletions(page: Envelope) -> list[Deletion]:
    entries = page.get("result") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidResponseError(
            f"The response to GET {PATH} is not a list of deletions. No bookmark was moved; run "
            "again"
        )
    return entries
