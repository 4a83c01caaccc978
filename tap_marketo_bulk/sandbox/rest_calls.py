"""The calls beside the bulk export: what there is, what was deleted, what was used."""

from collections.abc import Mapping

from tap_marketo_bulk.sandbox.activities import Activity
from tap_marketo_bulk.sandbox.api import Handler
from tap_marketo_bulk.sandbox.assets import STATIC_LISTS
from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.exchange import Exchange, Json, Reply, envelope, success
from tap_marketo_bulk.sandbox.instants import parse, text
from tap_marketo_bulk.sandbox.limits import Limits
from tap_marketo_bulk.sandbox.paging import MAX_PAGE, page, read_token, write_token
from tap_marketo_bulk.sandbox.refusal import Code, Refusal
from tap_marketo_bulk.sandbox.world import World

# Pages of deleted leads can be short, and even empty, with more to come.
_PAGE_SIZES = (11, 0, MAX_PAGE)


class RestCalls:
    """Answers the calls below ``/rest/v1``."""

    def __init__(self, world: World, limits: Limits, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self._limits = limits

    def handlers(self) -> Mapping[str, Handler]:
        """Who answers which call."""
        return {
            "describe": self._describe,
            "types": self._types,
            "paging_token": self._paging_token,
            "deleted_leads": self._deleted_leads,
            "lists": self._lists,
            "usage": self._usage,
        }

    def _describe(self, _exchange: Exchange, _user: str) -> Reply:
        return success([field.described() for field in self._world.fields])

    def _types(self, _exchange: Exchange, _user: str) -> Reply:
        return success([kind.described() for kind in self._world.activity_types])

    def _paging_token(self, exchange: Exchange, _user: str) -> Reply:
        try:
            # The sign of an offset arrives as a space where a client did not encode it.
            since = parse(exchange.query.get("sinceDatetime", "").replace(" ", "+"))
        except ValueError as error:
            raise Refusal(Code.INVALID_VALUE, f"sinceDatetime: {error}") from None
        return envelope(nextPageToken=write_token(since, 0, 0))

    def _deleted_leads(self, exchange: Exchange, _user: str) -> Reply:
        since, start, number = read_token(exchange.query.get("nextPageToken", ""), 3)
        deletions = self._world.deletions(since, int(self._clock.now().timestamp()))
        end = start + _PAGE_SIZES[number % len(_PAGE_SIZES)]
        more: dict[str, Json] = {
            "nextPageToken": write_token(since, min(end, len(deletions)), number + 1),
            "moreResult": end < len(deletions),
        }
        entries = [_deletion(one) for one in deletions[start:end]]
        # Marketo leaves an empty result out.
        return success(entries, **more) if entries else envelope(**more)

    def _lists(self, exchange: Exchange, _user: str) -> Reply:
        shown, token = page(STATIC_LISTS, exchange.query)
        more = {"nextPageToken": token} if token else {}
        return success([self._list(entry.id, entry.name, entry.program) for entry in shown], **more)

    def _list(self, number: int, name: str, program: str) -> dict[str, Json]:
        born = text(self._world.created_at)
        entry: dict[str, Json] = {"id": number, "name": name, "workspaceName": "Default"}
        if program:
            entry["programName"] = program
        return entry | {"createdAt": born, "updatedAt": born}

    def _usage(self, _exchange: Exchange, _user: str) -> Reply:
        date, calls = self._limits.today()
        users = [{"userId": user, "count": count} for user, count in calls.items()]
        return success([{"date": date, "total": sum(calls.values()), "users": users}])


def _deletion(activity: Activity) -> dict[str, Json]:
    """A deletion as Get Deleted Leads shows it: attributes are an array here."""
    attributes = activity.attributes or {}
    return {
        "id": int(activity.guid),
        "marketoGUID": activity.guid,
        "leadId": activity.lead_id,
        "activityDate": text(activity.happened_at),
        "activityTypeId": activity.kind.id,
        "primaryAttributeValueId": activity.primary and activity.primary.id,
        "primaryAttributeValue": activity.primary and activity.primary.name,
        "attributes": [{"name": name, "value": value} for name, value in attributes.items()],
    }
