"""Leads that were deleted, which no export tells of.

Sources: Adobe, "Get Paging Token" and "Get Deleted Leads".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import InvalidResponseError
from tap_marketo_bulk.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tap_marketo_bulk.marketo.client import Client

Deletion = dict[str, Any]


def deleted_leads(client: Client, since: datetime) -> Iterator[list[Deletion]]:
    """Yield pages of deletions from ``since`` on, as Marketo tells them.

    A page can be short, and even empty, with more to come. Raises as ``Client.get``.
    """
    answer = client.get("/rest/v1/activities/pagingtoken.json", sinceDatetime=format_instant(since))
    token = _next_token(answer, "")
    while True:
        page = client.get("/rest/v1/activities/deletedleads.json", nextPageToken=token)
        yield _deletions(page)
        if not page.get("moreResult"):
            return
        token = _next_token(page, token)


def _next_token(answer: Mapping[str, Any], last: str) -> str:
    """Return where the next page is; without another one, paging would never end."""
    token = answer.get("nextPageToken")
    if not isinstance(token, str) or token in ("", last):
        message = (
            "Marketo says that there are more deleted leads, but not where. The bookmark was not "
            "moved; run again"
        )
        raise InvalidResponseError(message)
    return token


def _deletions(page: Mapping[str, Any]) -> list[Deletion]:
    entries = page.get("result") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        message = (
            "Marketo's answer about deleted leads is no list of deletions. The bookmark was not "
            "moved; run again"
        )
        raise InvalidResponseError(message)
    return entries
