"""Reading lists: their entries, and pages that each have the token of the next page.

Source: Adobe, "Paging Tokens".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import InvalidResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_marketo_bulk.marketo.envelope import Envelope

# An element of ``result``.
Entry = dict[str, Any]


def entries_of(call: str, page: Envelope) -> list[Entry]:
    """Return the entries of a response, none where it has no ``result``.

    Raises:
        InvalidResponseError: ``result`` is not a list of objects.
    """
    entries = page.get("result") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidResponseError(
            f"The result of {call} is not a list of objects. No bookmark was moved; run again"
        )
    return entries


def iter_pages(
    call: str,
    read_page: Callable[[str], Envelope],
    *,
    has_more: Callable[[Envelope], bool],
    first_token: str = "",
) -> Iterator[Envelope]:
    """Yield one page after the other, up to the last one.

    Ends also where the server repeats tokens: each token is used once.

    Args:
        call: Method and path, for messages.
        read_page: Returns the page of a token.
        has_more: Returns whether another page follows a page.
        first_token: The token of the first page; empty where it needs none.

    Raises:
        InvalidResponseError: Another page follows, but its token is missing or was used before.
    """
    token, used = first_token, {first_token}
    while True:
        page = read_page(token)
        yield page
        if not has_more(page):
            return
        token = required_page_token(call, page)
        if token in used:
            raise InvalidResponseError(
                f"The response to {call} repeats a page token. No bookmark was moved; run again"
            )
        used.add(token)


def required_page_token(call: str, page: Envelope) -> str:
    """Return a page's ``nextPageToken``; raises ``InvalidResponseError`` where it has none."""
    token = page.get("nextPageToken")
    if not isinstance(token, str) or not token:
        raise InvalidResponseError(
            f"The response to {call} has no usable page token. No bookmark was moved; run again"
        )
    return token
