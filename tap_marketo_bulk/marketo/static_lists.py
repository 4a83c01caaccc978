"""Static lists, by the Asset API or, without permission for it, by the Lead Database API.

Sources: Adobe, "Static Lists" and "Lists".
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import AccessDeniedError
from tap_marketo_bulk.instants import parse_instant
from tap_marketo_bulk.marketo.assets import ASSETS_PATH, iter_changed_asset_pages
from tap_marketo_bulk.marketo.limits import RECORDS_PER_PAGE
from tap_marketo_bulk.marketo.paging import entries_of, iter_pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.envelope import Envelope
    from tap_marketo_bulk.marketo.paging import Entry

logger = logging.getLogger("tap-marketo-bulk.marketo")

ASSET_LISTS_PATH = f"{ASSETS_PATH}/staticLists.json"
LEAD_DATABASE_LISTS_PATH = "/rest/v1/lists.json"


def iter_static_list_pages(client: Client, start: datetime, end: datetime) -> Iterator[list[Entry]]:
    """Yield pages of the static lists that were changed or created between two instants.

    The two APIs have other members beside id, name and the instants. Raises as ``Client.get``.
    """
    has_begun = False
    try:
        for page in iter_changed_asset_pages(client, ASSET_LISTS_PATH, start, end):
            has_begun = True
            yield page
    except AccessDeniedError as error:
        if has_begun:
            # The other API would return the same lists again, with fewer members.
            raise
        logger.info(
            "Static lists are read by %s, since the API user lacks the permission %s: they have "
            "no folder and no description.",
            LEAD_DATABASE_LISTS_PATH,
            error.permission,
        )
    else:
        return
    for page in _lead_database_pages(client):
        yield [entry for entry in page if _is_changed_since(entry, start)]


def _lead_database_pages(client: Client) -> Iterator[list[Entry]]:
    call = f"GET {LEAD_DATABASE_LISTS_PATH}"

    def read_page(token: str) -> Envelope:
        query = {"nextPageToken": token} if token else {}
        return client.get(LEAD_DATABASE_LISTS_PATH, batchSize=RECORDS_PER_PAGE, **query)

    for page in iter_pages(call, read_page, has_more=lambda page: "nextPageToken" in page):
        yield entries_of(call, page)


def _is_changed_since(entry: Entry, start: datetime) -> bool:
    """Return whether a list was changed since an instant: this API has no filter for it."""
    try:
        return parse_instant(str(entry["updatedAt"]).replace("Z+", "+")) >= start
    except (KeyError, ValueError):
        return True
