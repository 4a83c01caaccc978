"""An activity, and plausible values of its attributes.

All instants are epoch seconds.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.data.activity_types import DELETE_LEAD_TYPE, ActivityTypeDefinition
from tap_marketo_bulk.sandbox.data.assets import CHANNELS, WEB_PAGES, Asset
from tap_marketo_bulk.sandbox.data.field_values import instant
from tap_marketo_bulk.sandbox.data.leads import LeadHistory
from tap_marketo_bulk.sandbox.data.people import Person, pick
from tap_marketo_bulk.sandbox.data.random_values import Value, random_bits
from tap_marketo_bulk.sandbox.data.value_source import ValueSource

AttributeValues = dict[str, str | int | float | bool]
"""Attribute values by display name; an attribute without a value is not in it."""

AttributeValue = str | int | float | bool | None

_FIRST_DELETION_GUID = 500_000_000
_FIRST_GUID = 783_957_693
_GUID_STEP = 11
MAX_STORAGE_DELAY = 2400
_USUAL_STORAGE_DELAY = 30
_LATE_EVERY = 30


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity. ``primary_value`` is the asset in its primary attribute."""

    guid: str
    lead_id: int
    happened_at: int
    stored_at: int
    activity_type: ActivityTypeDefinition
    campaign_id: int | None
    primary_value: Asset | None
    attributes: AttributeValues | None
    result: str | None


def delete_lead_activity(lead: LeadHistory, name: str = "") -> Activity:
    """The activity "Delete Lead" of a deleted lead with this name."""
    deleted_at = lead.deleted_at or 0
    return Activity(
        guid=str(_FIRST_DELETION_GUID + lead.index),
        lead_id=lead.id,
        happened_at=deleted_at,
        stored_at=deleted_at,
        activity_type=DELETE_LEAD_TYPE,
        campaign_id=None,
        primary_value=Asset(lead.id, name or f"Person {lead.id}"),
        attributes={"Remove From CRM": bool(lead.bits & 1)},
        result="succeeded",
    )


def attribute_value(value: Value) -> AttributeValue:
    """The value as JSON contains it: dates and date-times are texts."""
    if isinstance(value, datetime):
        return format_epoch_seconds(int(value.timestamp()))
    if value is None or isinstance(value, str | int | float):
        return value
    return value.isoformat()


class ActivityGenerator(ABC):
    """Computes the activities of a data set, except those that follow from other data.

    The activities have the indexes from 0 on.
    """

    def __init__(self) -> None:
        self.activity = lru_cache(maxsize=100_000)(self._activity)

    def stored_activities(self, at: int, indexes: Sequence[int]) -> Iterator[Activity]:
        """The activities with these ``indexes`` that Marketo has stored at ``at``."""
        for index in indexes:
            activity = self.activity(index)
            if activity.stored_at <= at:
                yield activity

    @abstractmethod
    def indexes_between(self, start: int, end: int) -> range:
        """Indexes that include every activity that happened or was stored in this range."""

    @abstractmethod
    def _activity(self, index: int) -> Activity:
        """The activity with this index."""


def activity_guid(index: int, bits: int) -> str:
    """The ``marketoGUID`` of the activity with this index."""
    return str(_FIRST_GUID + index * _GUID_STEP + bits % _GUID_STEP)


def storage_delay(bits: int) -> int:
    """The seconds until Marketo stores an activity: few, and for some up to the maximum."""
    is_late = (bits >> 8) % _LATE_EVERY == 0
    return (bits >> 20) % (MAX_STORAGE_DELAY if is_late else _USUAL_STORAGE_DELAY)


_SITE = "https://www.sandbox.example"
_CLIENTS = (
    ("Chrome", "Windows", "Desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0"),
    ("Safari", "macOS", "Desktop", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605"),
    ("Firefox", "Linux", "Desktop", "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Firefox/144.0"),
    ("Mobile Safari", "iOS", "iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6) Safari/604.1"),
    ("Chrome Mobile", "Android", "Android", "Mozilla/5.0 (Linux; Android 15) Chrome/142.0 Mobile"),
)
_QUERIES = ("utm_source=newsletter&utm_medium=email", "utm_source=google&utm_medium=cpc", "")
_REFERRERS = ("https://www.google.example/", f"{_SITE}/", f"{_SITE}/blog/roi")
_TITLES = ("Marketing Specialist", "Sales Representative", "Consultant", "Team Lead")
_STATUSES = ("New", "Engaged", "MQL", "SQL")
_SCORE_CHANGES = ((5, "Opened an email"), (10, "Visited the pricing page"), (20, "Filled out form"))


@dataclass(frozen=True, slots=True)
class ActivityContext:
    """What the attributes of an activity depend on.

    ``bits`` are those of the activity. One person always uses the same browser.
    """

    person: Person
    happened_at: int
    asset: Asset | None
    campaign_id: int
    bits: int

    @property
    def client(self) -> tuple[str, str, str, str]:
        """The browser, the platform, the device and the user agent of the person."""
        return pick(_CLIENTS, random_bits(self.person.bits, 51))

    @property
    def page(self) -> Asset:
        """A web page."""
        return pick(WEB_PAGES, self.bits >> 7)


def _form_fields(one: ActivityContext) -> str:
    person = one.person
    return f"FirstName={person.first_name}&LastName={person.last_name}&Email={person.email}"


def _later_date(one: ActivityContext) -> Value:
    return (instant(one.happened_at) + timedelta(days=3 + one.bits % 20)).date()


AttributeFunction = Callable[[ActivityContext], Value]
_CONSTANTS: dict[str, Value] = {
    "Webform ID": 16,
    "Choice Number": 0,
    "Has Predictive": False,
    "Test Variant": 0,
    "Category": "2",
    "Subcategory": "2003",
    "Details": "550 5.1.1 The email account does not exist.",
    "Bot Activity Pattern": "N/A",
    "Is Bot Activity": False,
}
_BY_NAME: dict[str, AttributeFunction] = {
    "Client IP Address": lambda one: f"203.0.113.{random_bits(one.person.bits, 52) % 254 + 1}",
    "Query Parameters": lambda one: pick(_QUERIES, one.bits >> 9) or None,
    "Referrer URL": lambda one: pick(_REFERRERS, one.bits >> 11),
    "User Agent": lambda one: one.client[3],
    "Webpage URL": lambda one: f"{_SITE}{one.asset.name if one.asset else '/'}",
    "Webpage ID": lambda one: one.page.id,
    "Form Fields": _form_fields,
    "Campaign Run ID": lambda one: one.campaign_id * 10 + 1,
    "Step ID": lambda one: one.campaign_id * 3,
    "Email": lambda one: one.person.email,
    "Browser": lambda one: one.client[0],
    "Platform": lambda one: one.client[1],
    "Device": lambda one: one.client[2],
    "Is Mobile Device": lambda one: one.client[2] in ("iPhone", "Android"),
    "Link": lambda one: f"{_SITE}{one.page.name}",
    "Created Date": lambda one: instant(one.happened_at).date(),
    "Form Name": lambda one: "Contact Us" if one.bits % 3 == 0 else None,
    "Lead Source": lambda one: pick(("Website", "Webinar", "Referral"), one.bits >> 9),
    "Source Type": lambda one: "Web form fillout" if one.bits % 3 == 0 else "Web service API",
    "Source": lambda one: pick(("Web form", "Smart campaign", "List import"), one.bits >> 9),
    "Date": lambda one: instant(one.happened_at),
    "Description": lambda one: f"Looked at {one.page.name} twice in one week",
    "Minutes": lambda one: 20 + one.bits % 41,
    "Rating": lambda one: 3 + (one.bits >> 9) % 5 / 2,
    "Demo Date": _later_date,
    "Demo-Date": lambda one: instant(one.happened_at + 86_400 * (3 + one.bits % 20)),
    "List Price": lambda one: float(490 + (one.bits >> 9) % 5 * 500),
    "Amount": lambda one: (1990 + one.bits % 400_000) / 100,
    "Due On": _later_date,
    "Is Open": lambda one: one.bits % 3 == 0,
}


def _data_value(one: ActivityContext) -> dict[str, Value]:
    person, name = one.person, one.asset.name if one.asset else ""
    old, new = pick(_STATUSES, one.bits >> 9), pick(_STATUSES, (one.bits >> 9) + 1)
    if name == "Job Title":
        old, new = pick(_TITLES, one.bits >> 9), person.title
    if name == "Phone Number":
        old, new = person.phone(5), person.phone(1)
    return {
        "New Value": new,
        "Old Value": old,
        "Reason": "Form fill-out, URL: /contact" if one.bits % 2 else "Web service API",
        "Source": "Web form fillout" if one.bits % 2 else "Web service API",
        "API Method Name": None if one.bits % 2 else "syncLead",
    }


def _score(one: ActivityContext) -> dict[str, Value]:
    change, reason = pick(_SCORE_CHANGES, one.bits >> 9)
    old = (one.bits >> 13) % 80
    return {
        "Change Value": f"+{change}",
        "New Value": old + change,
        "Old Value": old,
        "Relative Urgency": float(one.bits % 4),
        "Reason": reason,
    }


def _program_status(one: ActivityContext) -> dict[str, Value]:
    program_id = one.asset.id if one.asset else 1001
    # The channel of a program follows from its number; see `program_channel`.
    statuses = CHANNELS[(program_id - 1001) % len(CHANNELS)].statuses
    number = one.bits % len(statuses)
    old = statuses[number - 1].name if number else "Not in Program"
    return {
        "Acquired By": one.bits % 5 == 0,
        "New Status": statuses[number].name,
        "New Status ID": number + 1,
        "Old Status": old,
        "Old Status ID": number,
        "Program Member ID": random_bits(one.person.bits, program_id) % 10**7,
        "Reason": "Changed by smart campaign",
        "Success": statuses[number].is_success,
    }


_BY_TYPE: dict[int, Callable[[ActivityContext], dict[str, Value]]] = {
    13: _data_value,
    22: _score,
    104: _program_status,
}


def plausible_attributes(
    activity_type: ActivityTypeDefinition, context: ActivityContext, source: ValueSource
) -> AttributeValues:
    """The attributes of an activity; an attribute without a value is not in them."""
    compute = _BY_TYPE.get(activity_type.id)
    values = compute(context) if compute else {}
    attributes: AttributeValues = {}
    for number, (name, data_type) in enumerate(activity_type.attributes):
        value = values.get(name) if compute else _value(name, context)
        if data_type in ("string", "text") and isinstance(value, str):
            value = source.text(value, random_bits(context.bits, number))
        converted = attribute_value(value)
        if converted is not None:
            attributes[name] = converted
    return attributes


def _value(name: str, context: ActivityContext) -> Value:
    return _CONSTANTS[name] if name in _CONSTANTS else _BY_NAME[name](context)
