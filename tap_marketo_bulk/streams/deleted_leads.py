"""Deleted leads: one record per lead that was deleted or merged into another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.extract.field_types import ATTRIBUTES
from tap_marketo_bulk.extract.invalid_values import INVALID_VALUES
from tap_marketo_bulk.marketo.deleted_leads import iter_deleted_lead_pages
from tap_marketo_bulk.marketo.limits import DELETION_LIFE
from tap_marketo_bulk.marketo.retention import Retention
from tap_marketo_bulk.streams.activities import COLUMNS, KEY, REPLICATION_KEY
from tap_marketo_bulk.streams.base import StreamSpec
from tap_marketo_bulk.streams.rest import RestStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.creation_context import CreationContext

NAME = "deleted_leads"
# Get Deleted Leads does not return these.
_MISSING_COLUMNS = ("campaignId", "actionResult")


def create_streams(context: CreationContext) -> Iterator[RestStream]:
    """Yield the stream of deleted leads."""
    spec = context.fixed_spec(deleted_leads_spec(context.settings))
    yield RestStream(context.tap, spec, context.run, DeletedLeadsSource(context.client))


def deleted_leads_spec(settings: Settings) -> StreamSpec:
    """Return what the stream is; every subscription has the same columns."""
    return StreamSpec(
        name=NAME,
        schema=deleted_leads_schema(),
        key=KEY,
        replication_keys=(REPLICATION_KEY,),
        # Deletions are activities: dated when they happen, and stored later.
        lookback=settings.activity_lookback,
        retention=Retention(
            DELETION_LIFE,
            DELETION_LIFE,
            "To find the leads that were deleted then, read leads with the replication method "
            "FULL_TABLE: they are the leads of the table that such a run does not load.",
        ),
    )


def deleted_leads_schema() -> dict[str, Any]:
    """Return the JSON Schema of a deletion."""
    columns = {name: dict(each.schema) for name, each in COLUMNS.items()}
    for name in _MISSING_COLUMNS:
        del columns[name]
    columns[INVALID_VALUES] = dict(ATTRIBUTES.schema)
    return {"type": "object", "properties": columns}


class DeletedLeadsSource:
    """Get Deleted Leads, whose calls have a beginning and no end."""

    def __init__(self, client: Client) -> None:
        """Make no call yet."""
        self._client = client

    def pages(self, start: datetime, end: datetime) -> Iterator[Sequence[Mapping[str, object]]]:
        """Yield pages of deletions since ``start``."""
        del end  # the API has no parameter for it
        return iter_deleted_lead_pages(self._client, start)
