"""Lists that are read page by page: assets, static lists, deleted leads, and the usage of the API.

Sources: Adobe, "Paging Tokens", "Assets" and the pages of each asset type, "Static Lists", "Lists",
"Get Paging Token", "Get Deleted Leads" and "Usage".
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    ApiError,
    InvalidResponseError,
    TransientError,
)
from tap_marketo_bulk.marketo.limits import ASSETS_PER_PAGE, DELETION_LIFE, RECORDS_PER_PAGE
from tap_marketo_bulk.marketo.responses import parsing_response
from tap_marketo_bulk.times import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from datetime import datetime

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.responses import Envelope

logger = logging.getLogger("tap-marketo-bulk.marketo")
# An element of ``result``.
Entry = dict[str, Any]


def entries_of(call: str, page: Envelope) -> list[Entry]:
    """Return the entries of a response, none if it has no ``result``.

    Raises:
        InvalidResponseError: ``result`` is not a list of objects.
    """
    entries = page.get("result") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidResponseError(f"The result of {call} is not a list of objects")
    return entries


def iter_pages(
    client: Client,
    path: str,
    *,
    first_token: str = "",
    has_more: Callable[[Envelope], object] = lambda page: page.get("nextPageToken"),
    **query: str | int,
) -> Iterator[Envelope]:
    """Yield the pages of a list, each of which has the token of the next page.

    Args:
        client: Marketo.
        path: The call.
        first_token: The token of the first page; empty if it needs none.
        has_more: Returns whether another page follows; otherwise it follows if there is a token.
        query: Parameters of the call beside the token.

    Raises:
        InvalidResponseError: Another page follows, but its token is missing or was used before.
    """
    call, token, used = f"GET {path}", first_token, {first_token}
    while True:
        page_query: dict[str, Any] = {**query, "nextPageToken": token} if token else query
        page = client.get(path, **page_query)
        yield page
        if not has_more(page):
            return
        token = required_page_token(call, page)
        if token in used:
            raise InvalidResponseError(f"The response to {call} repeats a page token")
        used.add(token)


def required_page_token(call: str, page: Envelope) -> str:
    """Return a page's ``nextPageToken``; raises ``InvalidResponseError`` if it has none."""
    token = page.get("nextPageToken")
    if not isinstance(token, str) or not token:
        raise InvalidResponseError(f"The response to {call} has no usable page token")
    return token


ASSETS_PATH = "/rest/asset/v1"
FOLDERS_PATH = f"{ASSETS_PATH}/folders.json"
FORMS_PATH = f"{ASSETS_PATH}/forms.json"
PROGRAMS_PATH = f"{ASSETS_PATH}/programs.json"
SEGMENTATIONS_PATH = f"{ASSETS_PATH}/segmentation.json"
TAGS_PATH = f"{ASSETS_PATH}/tagTypes.json"
# Each page repeats this many assets of the page before.
OVERLAP = 20
# How often the pages of one list are read from the beginning.
MAX_PASSES = 5
# Adobe documents a default of 2 and no maximum. No tree of folders is this deep.
MAX_DEPTH = 100


def iter_asset_pages(
    client: Client, path: str, *, key: str = "id", **query: str | int
) -> Iterator[list[Entry]]:
    """Yield pages of assets, each asset once, up to the first page that is not full.

    Pages are counted from the beginning of the list, and the list can change between two calls.
    If assets are added before the position, a page repeats assets: these are left out. If
    assets are removed, or leave the list because they were changed, the following assets move
    towards the beginning. So each page begins ``OVERLAP`` assets before the end of the previous
    one. If it does not hold the last asset of that page, the list moved further than that, and
    its pages are read again from the beginning, at most ``MAX_PASSES`` times.

    An asset with an approved version and a draft can be in the list twice, with one key. Its
    draft is left out, or comes first.

    Args:
        client: Marketo.
        path: The call.
        key: The member that identifies an asset.
        query: Parameters of the call beside those for pages.

    Raises:
        InvalidResponseError: The list changed during each pass.
    """

    def read_page(offset: int) -> list[Entry]:
        page_query: dict[str, Any] = {**query, "maxReturn": ASSETS_PER_PAGE, "offset": offset}
        page = client.get(path, is_complete=_is_asset_page, **page_query)
        return entries_of(f"GET {path}", page)

    key_of = partial(_key, key)
    new = _NewAssets(key_of)
    for _ in range(MAX_PASSES):
        is_complete = yield from _read_pages(read_page, key_of, new)
        if is_complete:
            return
    raise InvalidResponseError(
        f"The list of GET {path} changed during each of {MAX_PASSES} attempts to read its pages",
        TransientError.advice,
    )


def iter_changed_asset_pages(
    client: Client, path: str, start: datetime, end: datetime
) -> Iterator[list[Entry]]:
    """Yield pages of the assets that were changed or created between two instants."""
    return iter_asset_pages(
        client,
        path,
        earliestUpdatedAt=format_instant(start),
        latestUpdatedAt=format_instant(end),
    )


def iter_folder_pages(client: Client) -> Iterator[list[Entry]]:
    """Yield pages of all folders and programs; ``folderId`` is replaced by its members."""
    call = f"GET {FOLDERS_PATH}"
    for page in iter_asset_pages(client, FOLDERS_PATH, key="folderId", maxDepth=MAX_DEPTH):
        with parsing_response(call):
            folders = [_flat_folder(entry) for entry in page]
        yield folders


def iter_form_pages(client: Client) -> Iterator[list[Entry]]:
    """Yield pages of forms: all at once, or of one folder after the other.

    Adobe's endpoint reference requires the parameter ``folder``, and its guide does not.
    """
    try:
        yield from iter_asset_pages(client, FORMS_PATH)
    except ApiError as error:
        if "folder" not in error.reason.casefold():
            raise
    else:
        return
    new = _NewAssets(partial(_key, "id"))
    for folders in iter_folder_pages(client):
        for each in folders:
            folder = json.dumps({"id": each["id"], "type": each["type"]})
            for page in iter_asset_pages(client, FORMS_PATH, folder=folder):
                yield new.of(page)


def list_program_ids(client: Client) -> list[int]:
    """Return the ids of all programs, in ascending order. Raises as ``iter_asset_pages``."""
    ids: set[int] = set()
    for page in iter_asset_pages(client, PROGRAMS_PATH):
        with parsing_response(f"GET {PROGRAMS_PATH}"):
            ids.update(int(entry["id"]) for entry in page)
    return sorted(ids)


def segmentations(client: Client) -> list[Entry]:
    """Return all segmentations: this call has no pages."""
    return entries_of(f"GET {SEGMENTATIONS_PATH}", client.get(SEGMENTATIONS_PATH))


def iter_segment_pages(client: Client) -> Iterator[list[Entry]]:
    """Yield pages of the segments of one segmentation after the other."""
    with parsing_response(f"GET {SEGMENTATIONS_PATH}"):
        ids = [int(entry["id"]) for entry in segmentations(client)]
    for each in ids:
        yield from iter_asset_pages(client, f"{ASSETS_PATH}/segmentation/{each}/segments.json")


def iter_tag_pages(client: Client) -> Iterator[list[Entry]]:
    """Yield pages of tags; the text ``[a,b]`` of their program types becomes a list."""
    member = "applicableProgramTypes"
    for page in iter_asset_pages(client, TAGS_PATH, key="tagType"):
        yield [entry | {member: _names(entry.get(member))} for entry in page]


class _NewAssets:
    """Tells which assets were not returned yet."""

    def __init__(self, key_of: Callable[[Entry], str]) -> None:
        self._key_of = key_of
        self._is_draft: dict[str, bool] = {}

    def of(self, page: Sequence[Entry]) -> list[Entry]:
        return [entry for entry in page if self._is_new(entry)]

    def _is_new(self, entry: Entry) -> bool:
        """Return whether to return an asset: it is new, or approved and only its draft was."""
        key, is_draft = self._key_of(entry), str(entry.get("status")).casefold() == "draft"
        if key in self._is_draft and (is_draft or not self._is_draft[key]):
            return False
        self._is_draft[key] = is_draft
        return True


def _read_pages(
    read_page: Callable[[int], list[Entry]], key_of: Callable[[Entry], str], new: _NewAssets
) -> Generator[list[Entry], None, bool]:
    """Yield the new assets of each page; return whether no asset can be missing."""
    met: set[str] = set()
    offset, last = 0, None
    while True:
        page = read_page(offset)
        keys = list(map(key_of, page))
        yield new.of(page)
        if last is not None and last not in keys:
            return False
        if len(page) != ASSETS_PER_PAGE:
            return True
        if met.issuperset(keys):
            # The list does not end.
            return False
        met.update(keys)
        last = keys[-1]
        offset += ASSETS_PER_PAGE - OVERLAP


def _is_asset_page(page: Envelope) -> bool:
    """Return whether a page has assets, or the warning "No assets found" past the end."""
    return page.get("result") is not None or bool(page.get("warnings"))


def _key(member: str, entry: Entry) -> str:
    return str(entry.get(member))


def _flat_folder(entry: Entry) -> Entry:
    flat = {**entry, **entry["folderId"]}
    del flat["folderId"]
    # Adobe's examples have both "Folder" and "FOLDER".
    flat["type"] = str(flat["type"]).capitalize()
    return flat


def _names(text: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the names in a text such as ``[a,b]``; what is no such text stays as it is."""
    if not isinstance(text, str):
        return text
    names = (name.strip() for name in text.strip().removeprefix("[").removesuffix("]").split(","))
    return [name for name in names if name]


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
            "no folder.",
            LEAD_DATABASE_LISTS_PATH,
            error.permission,
        )
    else:
        return
    for envelope in iter_pages(client, LEAD_DATABASE_LISTS_PATH, batchSize=RECORDS_PER_PAGE):
        entries = entries_of(f"GET {LEAD_DATABASE_LISTS_PATH}", envelope)
        yield [entry for entry in entries if _is_changed_since(entry, start)]


def _is_changed_since(entry: Entry, start: datetime) -> bool:
    """Return whether a list was changed since an instant: this API has no filter for it."""
    try:
        return parse_instant(str(entry["updatedAt"]).replace("Z+", "+")) >= start
    except (KeyError, ValueError):
        return True


TOKEN_PATH = "/rest/v1/activities/pagingtoken.json"  # noqa: S105 - an address, no secret
PATH = "/rest/v1/activities/deletedleads.json"
# Between two calls the oldest deletion that is kept must not become too old.
_MARGIN = timedelta(hours=1)


def iter_deleted_lead_pages(client: Client, since: datetime) -> Iterator[list[Entry]]:
    """Yield pages of deletions from ``since`` on, as Marketo returns them.

    A page can be short, and even empty, with more pages to come. If Marketo rejects an instant from
    which it keeps no deletions any more, deletions from the oldest possible instant are read.
    Raises as ``Client.get`` and ``iter_pages``.
    """
    pages = iter_pages(
        client,
        PATH,
        has_more=lambda page: page.get("moreResult"),
        first_token=required_page_token(f"GET {TOKEN_PATH}", _begin(client, since)),
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


USAGE_PATH = "/rest/v1/stats/usage/last7days.json"
ERRORS_PATH = "/rest/v1/stats/errors/last7days.json"


def usage_by_day(client: Client) -> list[Entry]:
    """Return an entry for each day, oldest first; days are those of US Central time.

    It has ``date``, the calls as ``total`` and ``users``, and the API errors as ``errorTotal``
    and ``errors``. Raises as ``Client.get``.
    """
    days: dict[str, Entry] = {}
    for entry in entries_of(f"GET {USAGE_PATH}", client.get(USAGE_PATH)):
        days.setdefault(str(entry.get("date")), {}).update(entry)
    for entry in entries_of(f"GET {ERRORS_PATH}", client.get(ERRORS_PATH)):
        renamed = {"errorTotal" if name == "total" else name: entry[name] for name in entry}
        days.setdefault(str(entry.get("date")), {}).update(renamed)
    return [days[date] for date in sorted(days)]
