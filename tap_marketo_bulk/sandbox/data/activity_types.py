"""The activity types, and activities with their attributes. All instants are epoch seconds."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.data import load_table
from tap_marketo_bulk.sandbox.data.assets import CHANNELS, NOT_IN_PROGRAM, WEB_PAGES, Asset
from tap_marketo_bulk.sandbox.data.fields import Field
from tap_marketo_bulk.sandbox.data.people import Person, pick
from tap_marketo_bulk.sandbox.data.random_values import Value, random_bits, text_number
from tap_marketo_bulk.sandbox.data.value_source import ATTRIBUTES, ValueContext, ValueSource
from tap_marketo_bulk.sandbox.edge_cases import LONG_TEXT, EdgeCase
from tap_marketo_bulk.sandbox.options import Options

AttributeDefinition = tuple[str, str]
"""A display name and a data type."""

DELETE_LEAD_ID = 37
"""The activity type that bulk exports do not contain; Get Deleted Leads returns it."""
_FIRST_ADDITIONAL_ID = 100_101


@dataclass(frozen=True)
class ActivityTypeDefinition:
    """An activity type.

    ``primary`` is its primary attribute. ``asset_group`` names the group of assets whose ids and
    names are the values of the primary attribute; only types with a group have filters by primary
    attribute.
    """

    id: int
    name: str
    primary: AttributeDefinition | None
    attributes: tuple[AttributeDefinition, ...]
    asset_group: str = ""

    def describe_entry(self) -> dict[str, object]:
        """Its entry in the response of Get Activity Types."""
        primary = {"primaryAttribute": _attribute_entry(self.primary)} if self.primary else {}
        return {
            "id": self.id,
            "name": self.name,
            "description": f"{self.name}, as it happened to a person",
            **primary,
            "attributes": [_attribute_entry(attribute) for attribute in self.attributes],
        }


def _attribute_entry(attribute: AttributeDefinition) -> dict[str, str]:
    name, data_type = attribute
    return {"name": name, "dataType": data_type}


def _types(group: str) -> Iterator[ActivityTypeDefinition]:
    for row in load_table("activity_types")[group]:
        primary = tuple(row["primary"]) if row["primary"] else None
        attributes = tuple(row["attributes"].items())
        asset_group = row.get("asset_group", "")
        yield ActivityTypeDefinition(row["id"], row["name"], primary, attributes, asset_group)


_BUILT_IN_TYPES = tuple(_types("built-in"))
# In place of the types with the same ids, without the edge case "similar names".
_DISTINCT_TYPES = {one.id: one for one in _types("distinct names")}


def activity_types(options: Options) -> tuple[ActivityTypeDefinition, ...]:
    """The activity types of a sandbox with these options."""
    (custom_type,) = _types("additional")
    custom_types = (
        replace(custom_type, id=_FIRST_ADDITIONAL_ID + number, name=f"Custom Activity {number + 1}")
        for number in range(options.many_types)
    )
    built_in = _BUILT_IN_TYPES
    if EdgeCase.SIMILAR_NAMES not in options.edge_cases:
        built_in = tuple(_DISTINCT_TYPES.get(one.id, one) for one in built_in)
    # A data set with arbitrary values can be without unsubscribes and merges.
    is_arbitrary = EdgeCase.ARBITRARY_VALUES in options.edge_cases
    has_more = options.more_activity_types or not is_arbitrary
    return (*built_in, *(_types("more") if has_more else ()), *custom_types)


AttributeValues = dict[str, str | int | float | bool]
"""Attribute values by display name; an attribute without a value is not in it."""

_SITE = "https://www.sandbox.example"
_TABLES = load_table("activity_types")
_LONG_TEXT_EVERY = 5000


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity, and when Marketo stored it. ``primary_value`` is its primary attribute."""

    guid: str
    lead_id: int
    happened_at: int
    stored_at: int
    activity_type: ActivityTypeDefinition
    campaign_id: int | None
    primary_value: Asset | None
    attributes: AttributeValues | None
    result: str | None

    @property
    def key(self) -> str:
        """The ``marketoGUID``."""
        return self.guid

    def values(self, columns: Iterable[Field]) -> list[object]:
        """The values of columns, in their order; ``attributes`` is a dictionary or None."""
        return [_VALUES[column.name](self) for column in columns]


_VALUES: dict[str, Callable[[Activity], object]] = {
    "marketoGUID": lambda one: one.guid,
    "leadId": lambda one: one.lead_id,
    "activityDate": lambda one: format_epoch_seconds(one.happened_at),
    "activityTypeId": lambda one: one.activity_type.id,
    "campaignId": lambda one: one.campaign_id,
    "primaryAttributeValueId": lambda one: one.primary_value and one.primary_value.id,
    "primaryAttributeValue": lambda one: one.primary_value and one.primary_value.full_name,
    "attributes": lambda one: one.attributes,
    "actionResult": lambda one: one.result,
}
ACTIVITY_COLUMNS = {name: Field(name, name, "string") for name in _VALUES}
"""The columns of activities, by name."""


@dataclass(frozen=True, slots=True)
class ActivityContext:
    """What the attributes of an activity depend on.

    ``bits`` are those of the activity, ``run_id`` those of the run of the campaign. One person
    always uses the same browser.
    """

    person: Person
    happened_at: int
    asset: Asset
    run_id: int
    bits: int

    @property
    def client(self) -> list[str]:
        """The browser, the platform, the device and the user agent of the person."""
        clients: list[list[str]] = _TABLES["clients"]
        return pick(clients, random_bits(self.person.bits, 51))

    @property
    def page(self) -> Asset:
        """A web page."""
        return pick(WEB_PAGES, self.bits >> 7)


def _form_fields(one: ActivityContext) -> str:
    person = one.person
    return f"FirstName={person.first_name}&LastName={person.last_name}&Email={person.email}"


# The attributes that depend on more than the person and the instant.
_BY_NAME: dict[str, Callable[[ActivityContext], Value]] = {
    "Browser": lambda one: one.client[0],
    "Platform": lambda one: one.client[1],
    "Device": lambda one: one.client[2],
    "User Agent": lambda one: one.client[3],
    "Is Mobile Device": lambda one: one.client[2] in ("iPhone", "Android"),
    "Webpage URL": lambda one: f"{_SITE}{one.asset.name}",
    "Webpage ID": lambda one: one.page.id,
    "Link": lambda one: f"{_SITE}{one.page.name}",
    "Description": lambda one: f"Looked at {one.page.name} twice in one week",
    "Form Fields": _form_fields,
    "Campaign Run ID": lambda one: one.run_id,
    "Step ID": lambda one: one.run_id * 3,
}


def _data_value(one: ActivityContext) -> dict[str, Value]:
    person, bits = one.person, one.bits >> 9
    old, new = (pick(("New", "Engaged", "MQL", "SQL"), bits + number) for number in (0, 1))
    if one.asset.name == "Job Title":
        old, new = pick(("Consultant", "Team Lead", "Sales Representative"), bits), person.title
    if one.asset.name == "Phone Number":
        old, new = person.phone(5), person.phone(1)
    is_form = one.bits % 2
    return {
        "New Value": new,
        "Old Value": old,
        "Reason": "Form fill-out, URL: /contact" if is_form else "Web service API",
        "Source": "Web form fillout" if is_form else "Web service API",
        "API Method Name": None if is_form else "syncLead",
    }


def _score(one: ActivityContext) -> dict[str, Value]:
    change, reason = pick(_TABLES["score changes"], one.bits >> 9)
    old = (one.bits >> 13) % 80
    return {
        "Change Value": f"+{change}",
        "New Value": old + change,
        "Old Value": old,
        "Relative Urgency": float(one.bits % 4),
        "Reason": reason,
    }


def _program_status(one: ActivityContext) -> dict[str, Value]:
    # The channel of a program follows from its number; see `program_channel`.
    statuses = CHANNELS[(one.asset.id - 1001) % len(CHANNELS)].statuses
    number = one.bits % len(statuses)
    return {
        "Acquired By": one.bits % 5 == 0,
        "New Status": statuses[number].name,
        "New Status ID": number + 1,
        "Old Status": statuses[number - 1].name if number else NOT_IN_PROGRAM,
        "Old Status ID": number,
        "Program Member ID": random_bits(one.person.bits, one.asset.id) % 10**7,
        "Reason": "Changed by smart campaign",
        "Success": statuses[number].is_success,
    }


_BY_TYPE = {13: _data_value, 22: _score, 104: _program_status}


def plausible_attributes(
    activity_type: ActivityTypeDefinition, one: ActivityContext, source: ValueSource
) -> AttributeValues:
    """The attributes of an activity, with the edge cases of values."""
    compute = _BY_TYPE.get(activity_type.id)
    values = compute(one) if compute else None

    def value(name: str, bits: int) -> Value:
        if values is not None:
            return values.get(name)
        if name in _BY_NAME:
            return _BY_NAME[name](one)
        fixed_bits = random_bits(one.person.bits, text_number(name))
        instants = (one.happened_at, one.happened_at)
        return ATTRIBUTES[name](ValueContext(one.person, bits, fixed_bits, *instants))

    def value_or_edge_case(name: str, data_type: str, bits: int) -> Value:
        found = value(name, bits)
        is_text = isinstance(found, str) and data_type in ("string", "text")
        return source.with_edge_cases(found, data_type, bits) if is_text else found

    return _attributes(activity_type, one.bits, value_or_edge_case)


def arbitrary_attributes(
    activity_type: ActivityTypeDefinition, bits: int, source: ValueSource
) -> AttributeValues:
    """Arbitrary values of the attributes of a type; some attributes have no value."""
    return _attributes(
        activity_type, bits, lambda _, data_type, bits: source.arbitrary_value(data_type, bits)
    )


def _attributes(
    activity_type: ActivityTypeDefinition, bits: int, value: Callable[[str, str, int], Value]
) -> AttributeValues:
    attributes: AttributeValues = {}
    for number, (name, data_type) in enumerate(activity_type.attributes):
        found = value(name, data_type, random_bits(bits, number))
        if isinstance(found, datetime):
            attributes[name] = format_epoch_seconds(int(found.timestamp()))
        elif isinstance(found, date):
            attributes[name] = found.isoformat()
        elif found is not None:
            attributes[name] = found
    return attributes


def with_edge_cases(
    attributes: AttributeValues, kinds: Collection[EdgeCase], bits: int, index: int
) -> AttributeValues | None:
    """The attributes of activity number ``index`` with the edge cases of attributes."""
    if EdgeCase.NULL_ATTRIBUTES in kinds and (bits >> 36) % 25 == 0:
        return None
    if EdgeCase.UNDOCUMENTED_ATTRIBUTES in kinds and (bits >> 40) % 50 == 0:
        attributes = attributes | {"Undocumented Note": "not in Get Activity Types"}
    if EdgeCase.LONG_TEXTS in kinds and index % _LONG_TEXT_EVERY == _LONG_TEXT_EVERY // 4:
        attributes = attributes | {"Query Parameters": LONG_TEXT}
    if EdgeCase.MIXED_CASE_ATTRIBUTES in kinds and (bits >> 44) % 10 == 0:
        return {name.title(): value for name, value in attributes.items()}
    return attributes
