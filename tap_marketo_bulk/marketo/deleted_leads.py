"""Leads that were deleted or merged, which exports do not contain.

Sources: Adobe, "Get Paging Token" and "Get Deleted Leads".
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import ApiError
from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.marketo.limits import DELETION_LIFE
from tap_marketo_bulk.marketo.paging import entries_of, iter_pages, required_page_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.envelope import Envelope
    from tap_marketo_bulk.marketo.paging import Entry

TOKEN_PATH = "/rest/v1/activities/pagingtoken.json"  # noqa: S105 - an address, no secret
PATH = "/rest/v1/activities/deletedleads.json"

logger = logging.getLogger("tap-marketo-bulk.marketo")

# Between two calls the oldest deletion that is kept must not become too old.
_MARGIN = timedelta(hours=1)


def iter_deleted_lead_pages(client: Client, since: datetime) -> Iterator[list[Entry]]:
    """Yield pages of deletions from ``since`` on, as Marketo returns them.

    A page can be short, and even empty, with more pages to come. Where Marketo rejects an instant
    from which it keeps no deletions any more, it is asked from the oldest instant of which it does.
    Raises as ``Client.get`` and ``iter_pages``.
    """
    start = _begin(client, since)
    pages = iter_pages(
        f"GET {PATH}",
        partial(_read_page, client),
        has_more=lambda page: bool(page.get("moreResult")),
        first_token=required_page_token(f"GET {TOKEN_PATH}", start),
    )
    for page in pages:
        yield entries_of(f"GET {PATH}", page)


def _begin(client: Client, since: datetime) -> Envelope:
    """Return the response with the token of the first page.

    The instant is tried as it is: a subscription can keep deletions for longer than 14 days, and
    whether others reject it is not established.
    """
    try:
        return client.get(TOKEN_PATH, sinceDatetime=format_instant(since))
    except ApiError as error:
        oldest = client.latest_response_time() - DELETION_LIFE + _MARGIN
        # Its subclasses are about credentials, permissions and quotas.
        if type(error) is not ApiError or since >= oldest:
            raise
        logger.warning(
            "Marketo rejected deletions since %s (%s %s). It keeps them for 14 days, so those "
            "since %s are read; older ones are not available any more.",
            format_instant(since),
            error.code,
            error.reason.rstrip("."),
            format_instant(oldest),
        )
        return client.get(TOKEN_PATH, sinceDatetime=format_instant(oldest))


def _read_page(client: Client, token: str) -> Envelope:
    return client.get(PATH, nextPageToken=token)
