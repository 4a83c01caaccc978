"""Leads that were deleted or merged, which exports do not contain.

Sources: Adobe, "Get Paging Token" and "Get Deleted Leads".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.marketo.paging import entries_of, iter_pages, next_page_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.envelope import Envelope
    from tap_marketo_bulk.marketo.paging import Entry

TOKEN_PATH = "/rest/v1/activities/pagingtoken.json"  # noqa: S105 - an address, no secret
PATH = "/rest/v1/activities/deletedleads.json"


def iter_deleted_lead_pages(client: Client, since: datetime) -> Iterator[list[Entry]]:
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
        yield entries_of(f"GET {PATH}", page)


def _read_page(client: Client, token: str) -> Envelope:
    return client.get(PATH, nextPageToken=token)
