"""What the world truly holds, as JSON-shaped values: the measure of every client."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from tap_marketo_bulk.sandbox.activities import Activity
from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.export_request import activity_filter, lead_filter
from tap_marketo_bulk.sandbox.values import Value
from tap_marketo_bulk.sandbox.world import ActivityFilter, LeadFilter, World

Record = dict[str, object]


class ExpectedRows:
    """The true records for any filter of a create body, at any instant.

    Text has lost its NUL characters, which no warehouse takes and every client removes.
    """

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock

    def leads(
        self, request_filter: Mapping[str, object] | None = None, *, at: datetime | None = None
    ) -> dict[int, Record]:
        """All exportable columns of the leads a filter selects (None: all), by id."""
        wanted = lead_filter(request_filter, self._world) if request_filter else LeadFilter()
        columns = self._world.lead_columns
        fields = tuple(columns.values())
        return {
            lead.life.id: dict(zip(columns, map(_plain, lead.values(fields)), strict=True))
            for lead in self._world.leads(wanted, self._instant(at))
        }

    def activities(
        self, request_filter: Mapping[str, object] | None = None, *, at: datetime | None = None
    ) -> dict[str, Record]:
        """All columns of the activities a filter selects (None: all), by ``marketoGUID``."""
        wanted = ActivityFilter()
        if request_filter:
            wanted = activity_filter(request_filter, self._world)
        return {
            activity.guid: _activity(activity)
            for activity in self._world.activities(wanted, self._instant(at))
        }

    def deleted_leads(self, at: datetime | None = None) -> dict[str, Record]:
        """The deletions of leads, as activities, by ``marketoGUID``."""
        deletions = self._world.deletions(0, self._instant(at))
        return {activity.guid: _activity(activity) for activity in deletions}

    def lead_columns(self) -> dict[str, str]:
        """The data types of what a bulk export of leads can hold at present, by REST name."""
        return {name: field.data_type for name, field in self._world.lead_columns.items()}

    def _instant(self, at: datetime | None) -> int:
        return int((at or self._clock.now()).timestamp())


def _activity(activity: Activity) -> Record:
    primary = activity.primary
    return {
        "marketoGUID": activity.guid,
        "leadId": activity.lead_id,
        "activityDate": _plain(datetime.fromtimestamp(activity.happened_at, UTC)),
        "activityTypeId": activity.kind.id,
        "campaignId": activity.campaign_id,
        "primaryAttributeValueId": primary.id if primary else None,
        "primaryAttributeValue": _plain(primary.full_name) if primary else None,
        "attributes": None
        if activity.attributes is None
        else {name: _plain(value) for name, value in activity.attributes.items()},
        "actionResult": activity.result,
    }


def _plain(value: Value) -> object:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value.replace("\x00", "")
    return value
