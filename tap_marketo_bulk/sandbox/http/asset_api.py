"""The handlers of the Asset API: programs, campaigns, lists, emails, forms, folders and others."""

from collections.abc import Mapping, Sequence

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.data.asset_entries import DRAFT, Entry, version_entries
from tap_marketo_bulk.sandbox.data.asset_reads import (
    FORMS,
    SEGMENTATIONS,
    AssetRead,
    channel_entries,
    segments_of,
    tag_entries,
)
from tap_marketo_bulk.sandbox.data.folders import FolderTree
from tap_marketo_bulk.sandbox.http.messages import HttpRequest, HttpResponse, success_response
from tap_marketo_bulk.sandbox.http.rest_context import (
    RestContext,
    RestHandler,
    folder_parameter,
    integer_parameter,
    updated_range,
)

_DEFAULT_PAGE_SIZE = 20
_MAX_ASSET_PAGE_SIZE = 200
_DEFAULT_DEPTH = 2
_NO_ASSETS = "No assets found for the given search criteria."


def format_asset_instant(instant: int) -> str:
    """Format epoch seconds as the Asset API does: ``2015-05-21T22:45:13Z+0000``."""
    return f"{format_epoch_seconds(instant)}+0000"


def asset_response(entries: Sequence[Entry]) -> HttpResponse:
    """The envelope of the Asset API; without entries it has a warning and no result."""
    if not entries:
        return success_response(errors=[], warnings=[_NO_ASSETS])
    return success_response(errors=[], warnings=[], result=list(entries))


def asset_page(entries: Sequence[Entry], query: Mapping[str, str]) -> HttpResponse:
    """The page of ``entries`` that ``offset`` and ``maxReturn`` select."""
    size = integer_parameter(
        query, "maxReturn", _DEFAULT_PAGE_SIZE, low=1, high=_MAX_ASSET_PAGE_SIZE
    )
    offset = integer_parameter(query, "offset", 0)
    return asset_response(entries[offset : offset + size])


def browse(read: AssetRead) -> RestHandler:
    """The handler of a read with pages: filters by date, folder and status where it has them."""

    def handle(context: RestContext, request: HttpRequest) -> HttpResponse:
        return asset_page(_browsed_entries(read, context, request.query), request.query)

    return handle


def _browsed_entries(
    read: AssetRead, context: RestContext, query: Mapping[str, str]
) -> list[Entry]:
    is_strict = context.data_set.options.strict
    time_range = updated_range(query, is_strict=is_strict) if read.has_date_filter else None
    entries = read.entries(context.data_set, context.now, format_asset_instant, time_range)
    folder = folder_parameter(query, "folder")
    if folder:
        entries = [entry for entry in entries if _folder_key(entry) == folder]
    if read.can_list_drafts:
        drafts = context.data_set.options.draft_entries
        entries = [
            version for entry in entries for version in version_entries(entry, draft_entries=drafts)
        ]
    status = query.get("status", "").casefold()
    return [entry for entry in entries if not status or _has_status(entry, status)]


def _folder_key(entry: Entry) -> tuple[object, object] | None:
    folder = entry.get("folder")
    if not isinstance(folder, dict):
        return None
    return folder.get("id", folder.get("value")), folder["type"]


def _has_status(entry: Entry, status: str) -> bool:
    """Whether an entry has a status; "approved with draft" is approved and has a draft."""
    text = str(entry.get("status")).casefold()
    return text == status or text.startswith(f"{status} ") or (status == DRAFT and status in text)


def get_forms(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Forms: ``folder`` is required by option."""
    if context.data_set.options.forms_need_folder and "folder" not in request.query:
        raise SandboxApiError(ApiErrorCode.BLANK_PARAMETER, "folder cannot be blank")
    return browse(FORMS)(context, request)


def get_segmentations(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Get Segmentations: all of them, without pages."""
    entries = SEGMENTATIONS.entries(context.data_set, context.now, format_asset_instant)
    return asset_response(entries)


def get_segments(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Segments: a page of the segments of the segmentation in the path."""
    segmentation_id = int(request.call.path.split("/")[-2])
    entries = segments_of(context.data_set, segmentation_id, context.now, format_asset_instant)
    return asset_page(entries, request.query)


def get_channels(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Channels: a page of the channels, with their progression statuses."""
    return asset_page(channel_entries(context.data_set, format_asset_instant), request.query)


def get_tag_types(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Tag Types: a page of the tags."""
    return asset_page(tag_entries(context.data_set), request.query)


def get_folders(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Folders: a page of what is at most ``maxDepth`` below ``root``, or below each root."""
    root = folder_parameter(request.query, "root")
    max_depth = integer_parameter(request.query, "maxDepth", _DEFAULT_DEPTH)
    tree = FolderTree(context.data_set, context.now)
    keys = tree.keys_below(root, max_depth)
    return asset_page([tree.entry(key, format_asset_instant) for key in keys], request.query)
