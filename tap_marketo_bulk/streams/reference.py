"""The reference streams: what the ids in leads and activities refer to, read with REST calls.

They are defined by the table ``REFERENCE_STREAMS``. A stream with a replication key is read
incrementally, all others in full on every run, without a bookmark. Columns have Marketo's names,
by Adobe's guides of the assets and the endpoint reference; what a response has beyond them is kept
in the column ``other``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.marketo import lists
from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.marketo.describe import (
    LEADS_PATH,
    TYPES_PATH,
    activity_type_entries,
    flat_lead_field_entries,
)
from tap_marketo_bulk.marketo.limits import USAGE_LIFE
from tap_marketo_bulk.marketo.lists import (
    ASSET_LISTS_PATH,
    ASSETS_PATH,
    USAGE_PATH,
    Entry,
    iter_static_list_pages,
    usage_by_day,
)
from tap_marketo_bulk.rows.field_types import (
    ARRAY,
    ATTRIBUTES,
    BOOLEAN,
    DATE,
    DATE_TIME,
    INTEGER,
    TEXT,
    FieldType,
)
from tap_marketo_bulk.rows.values import INVALID_VALUES
from tap_marketo_bulk.streams.base import StreamSpec
from tap_marketo_bulk.streams.rest import RestStream

if TYPE_CHECKING:
    from tap_marketo_bulk.streams.context import CreationContext


Columns = dict[str, FieldType]
OBJECT = ATTRIBUTES

_ASSET: Columns = {
    "id": INTEGER,
    "name": TEXT,
    "description": TEXT,
    "createdAt": DATE_TIME,
    "updatedAt": DATE_TIME,
}

# Where an asset is, and whether it is in use.
_PLACE: Columns = {"url": TEXT, "folder": OBJECT, "status": TEXT, "workspace": TEXT}

LEAD_DESCRIBE: Columns = {
    "id": INTEGER,
    "displayName": TEXT,
    "dataType": TEXT,
    "length": INTEGER,
    "restName": TEXT,
    "restReadOnly": BOOLEAN,
    "soapName": TEXT,
    "soapReadOnly": BOOLEAN,
}

ACTIVITY_TYPES: Columns = {
    "id": INTEGER,
    "name": TEXT,
    "description": TEXT,
    "primaryAttribute": OBJECT,
    "attributes": ARRAY,
}

PROGRAMS: Columns = {
    **_ASSET,
    **_PLACE,
    "type": TEXT,
    "channel": TEXT,
    "headStart": BOOLEAN,
    "startDate": DATE_TIME,
    "endDate": DATE_TIME,
    "sfdcId": TEXT,
    "sfdcName": TEXT,
}

CAMPAIGNS: Columns = {
    **_ASSET,
    "computedUrl": TEXT,
    "folder": OBJECT,
    "parentProgramId": INTEGER,
    "status": TEXT,
    "workspace": TEXT,
    "type": TEXT,
    "isSystem": BOOLEAN,
    "isActive": BOOLEAN,
    "isRequestable": BOOLEAN,
    "isCommunicationLimitEnabled": BOOLEAN,
    "maxMembers": INTEGER,
    "recurrence": OBJECT,
    "qualificationRuleType": TEXT,
    "qualificationRuleInterval": INTEGER,
    "qualificationRuleUnit": TEXT,
    "smartListId": INTEGER,
    "flowId": INTEGER,
}

LISTS: Columns = {
    **_ASSET,
    "computedUrl": TEXT,
    "folder": OBJECT,
    # Of the Lead Database API.
    "programName": TEXT,
    "workspaceName": TEXT,
}

SMART_LISTS: Columns = {**_ASSET, "url": TEXT, "folder": OBJECT, "workspace": TEXT}

EMAILS: Columns = {
    **_ASSET,
    **_PLACE,
    "subject": OBJECT,
    "fromName": OBJECT,
    "fromEmail": OBJECT,
    "replyEmail": OBJECT,
    "preHeader": TEXT,
    "ccFields": ARRAY,
    "template": INTEGER,
    "operational": BOOLEAN,
    "textOnly": BOOLEAN,
    "publishToMSI": BOOLEAN,
    "webView": BOOLEAN,
    "isOpenTrackingDisabled": BOOLEAN,
    "autoCopyToText": BOOLEAN,
    "version": INTEGER,
}

EMAIL_TEMPLATES: Columns = {**_ASSET, **_PLACE, "version": INTEGER}

LANDING_PAGES: Columns = {
    **_ASSET,
    "URL": TEXT,
    "computedUrl": TEXT,
    "folder": OBJECT,
    "status": TEXT,
    "workspace": TEXT,
    "template": INTEGER,
    "title": TEXT,
    "keywords": TEXT,
    "robots": TEXT,
    "formPrefill": BOOLEAN,
    "mobileEnabled": BOOLEAN,
    "customHeadHTML": TEXT,
    "facebookOgTags": TEXT,
}

FORMS: Columns = {
    **_ASSET,
    "url": TEXT,
    "folder": OBJECT,
    "status": TEXT,
    "theme": TEXT,
    "language": TEXT,
    "locale": TEXT,
    "progressiveProfiling": BOOLEAN,
    "labelPosition": TEXT,
    "fontFamily": TEXT,
    "fontSize": TEXT,
    "knownVisitor": OBJECT,
    "thankYouList": ARRAY,
    "buttonLocation": INTEGER,
    "buttonLabel": TEXT,
    "waitingLabel": TEXT,
}

SEGMENTATIONS: Columns = {**_ASSET, **_PLACE}
SEGMENTS: Columns = {**_ASSET, "url": TEXT, "segmentationId": INTEGER, "status": TEXT}

CHANNELS: Columns = {
    "id": INTEGER,
    "name": TEXT,
    "applicableProgramType": TEXT,
    "progressionStatuses": ARRAY,
    "createdAt": DATE_TIME,
    "updatedAt": DATE_TIME,
}

TAGS: Columns = {"tagType": TEXT, "applicableProgramTypes": ARRAY, "required": BOOLEAN}

FOLDERS: Columns = {
    "id": INTEGER,
    "type": TEXT,
    "name": TEXT,
    "description": TEXT,
    "createdAt": DATE_TIME,
    "updatedAt": DATE_TIME,
    "url": TEXT,
    "folderType": TEXT,
    "parent": OBJECT,
    "path": TEXT,
    "isArchive": BOOLEAN,
    "isSystem": BOOLEAN,
    "accessZoneId": INTEGER,
    "workspace": TEXT,
}

USAGE: Columns = {
    "date": DATE,
    "total": INTEGER,
    "users": ARRAY,
    "errorTotal": INTEGER,
    "errors": ARRAY,
}

OTHER = "other"
# Days of usage are those of US Central time, which is at most this much behind UTC.
US_CENTRAL_OFFSET = timedelta(hours=6)
ReadPages = Callable[[Client, datetime, datetime], Iterator[Sequence[Entry]]]


@dataclass(frozen=True)
class ReferenceDefinition:
    """What a reference stream is, and how it is read.

    Attributes:
        name: The stream's name.
        path: The call, which also tells the permission that is needed.
        columns: The documented columns with their types.
        read_pages: Yields pages of the entries between two instants, or of all entries.
        key: The columns that identify a record.
        replication_key: The column that ``read_pages`` filters by, if it does.
        selected_by_default: Whether it is read without a catalog.
        kept_for, advice_if_lost: See ``StreamSpec``.
    """

    name: str
    path: str
    columns: Columns
    read_pages: ReadPages
    key: tuple[str, ...] = ("id",)
    replication_key: str | None = None
    selected_by_default: bool = False
    kept_for: timedelta | None = None
    advice_if_lost: str = ""

    def spec(self) -> StreamSpec:
        """Return what the stream is; every subscription has the same columns."""
        return StreamSpec(
            name=self.name,
            schema=self.schema(),
            key=self.key,
            replication_keys=(self.replication_key,) if self.replication_key else (),
            is_always_full=self.replication_key is None,
            selected_by_default=self.selected_by_default,
            ignores_start_date=True,
            kept_for=self.kept_for,
            advice_if_lost=self.advice_if_lost,
        )

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a record."""
        properties = {name: dict(each.schema) for name, each in self.columns.items()}
        for name in (OTHER, INVALID_VALUES):
            properties[name] = dict(ATTRIBUTES.schema)
        return {"type": "object", "properties": properties}


def _pages_with_other(
    stream: ReferenceDefinition, client: Client, start: datetime, end: datetime
) -> Iterator[Sequence[Entry]]:
    """Yield pages of a stream's entries; what is in none of the columns is in ``other``."""
    for page in stream.read_pages(client, start, end):
        yield [_with_other(entry, stream.columns) for entry in page]


def _with_other(entry: Entry, documented: Columns) -> Entry:
    known = {name: value for name, value in entry.items() if name in documented}
    other = {name: value for name, value in entry.items() if name not in documented}
    return {**known, OTHER: other or None}


def _all_pages(read: Callable[[Client], Iterator[Sequence[Entry]]]) -> ReadPages:
    """Return how to read a list in pages that has no filter by date."""
    return lambda client, _start, _end: read(client)


def _one_page(read: Callable[[Client], Sequence[Entry]]) -> ReadPages:
    """Return how to read a list that has neither pages nor a filter by date."""
    return lambda client, _start, _end: iter([read(client)])


def _usage_pages(client: Client, start: datetime, end: datetime) -> Iterator[Sequence[Entry]]:
    """Yield the days since ``start``; its own day was not over when it was read."""
    del end
    first = (start - US_CENTRAL_OFFSET).date().isoformat()
    yield [entry for entry in usage_by_day(client) if str(entry.get("date")) >= first]


def _asset_stream(name: str, path: str, of: Columns) -> ReferenceDefinition:
    """Return a stream of assets that cannot be filtered by date."""
    path = f"{ASSETS_PATH}/{path}.json"
    return ReferenceDefinition(
        name, path, of, _all_pages(partial(lists.iter_asset_pages, path=path))
    )


def _changed_asset_stream(name: str, path: str, of: Columns) -> ReferenceDefinition:
    """Return a stream of assets that can be filtered by the date of their latest change."""
    path = f"{ASSETS_PATH}/{path}.json"

    def read(client: Client, start: datetime, end: datetime) -> Iterator[Sequence[Entry]]:
        return lists.iter_changed_asset_pages(client, path, start, end)

    return ReferenceDefinition(name, path, of, read, replication_key="updatedAt")


REFERENCE_STREAMS: tuple[ReferenceDefinition, ...] = (
    ReferenceDefinition(
        "lead_describe",
        LEADS_PATH,
        LEAD_DESCRIBE,
        _one_page(flat_lead_field_entries),
        selected_by_default=True,
    ),
    ReferenceDefinition(
        "activity_types",
        TYPES_PATH,
        ACTIVITY_TYPES,
        _one_page(activity_type_entries),
        selected_by_default=True,
    ),
    _changed_asset_stream("programs", "programs", PROGRAMS),
    _changed_asset_stream("campaigns", "smartCampaigns", CAMPAIGNS),
    ReferenceDefinition(
        "lists",
        ASSET_LISTS_PATH,
        LISTS,
        iter_static_list_pages,
        replication_key="updatedAt",
    ),
    _changed_asset_stream("smart_lists", "smartLists", SMART_LISTS),
    _changed_asset_stream("emails", "emails", EMAILS),
    _asset_stream("email_templates", "emailTemplates", EMAIL_TEMPLATES),
    _asset_stream("landing_pages", "landingPages", LANDING_PAGES),
    ReferenceDefinition("forms", lists.FORMS_PATH, FORMS, _all_pages(lists.iter_form_pages)),
    ReferenceDefinition(
        "segmentations",
        lists.SEGMENTATIONS_PATH,
        SEGMENTATIONS,
        _one_page(lists.segmentations),
    ),
    ReferenceDefinition(
        "segments",
        lists.SEGMENTATIONS_PATH,
        SEGMENTS,
        _all_pages(lists.iter_segment_pages),
    ),
    _asset_stream("channels", "channels", CHANNELS),
    ReferenceDefinition(
        "tags",
        lists.TAGS_PATH,
        TAGS,
        _all_pages(lists.iter_tag_pages),
        key=("tagType",),
    ),
    ReferenceDefinition(
        "folders",
        lists.FOLDERS_PATH,
        FOLDERS,
        _all_pages(lists.iter_folder_pages),
        key=("id", "type"),
    ),
    ReferenceDefinition(
        "usage",
        USAGE_PATH,
        USAGE,
        _usage_pages,
        key=("date",),
        replication_key="date",
        kept_for=USAGE_LIFE,
        advice_if_lost="Run the tap at least once a week.",
    ),
)

NAMES = tuple(each.name for each in REFERENCE_STREAMS)


def create_streams(context: CreationContext) -> Iterator[RestStream]:
    """Yield the reference streams; for their columns Marketo is not asked."""
    for each in REFERENCE_STREAMS:
        spec = context.fixed_spec(each.spec())
        read_pages = partial(_pages_with_other, each, context.client)
        yield RestStream(context.tap, spec, context.run, read_pages)
