"""The activity types and their entries in Get Activity Types."""

from dataclasses import dataclass

from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.options import Options

AttributeDefinition = tuple[str, str]
"""A display name and a data type."""

DELETE_LEAD_ID = 37
"""The activity type that bulk exports do not contain; Get Deleted Leads returns it."""


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
        entry: dict[str, object] = {
            "id": self.id,
            "name": self.name,
            "description": f"{self.name}, as it happened to a person",
        }
        if self.primary:
            entry["primaryAttribute"] = _attribute_entry(self.primary)
        entry["attributes"] = [_attribute_entry(attribute) for attribute in self.attributes]
        return entry


def _attribute_entry(attribute: AttributeDefinition) -> dict[str, str]:
    name, data_type = attribute
    return {"name": name, "dataType": data_type}


def _strings(*names: str) -> tuple[AttributeDefinition, ...]:
    return tuple((name, "string") for name in names)


_BROWSER = _strings("Client IP Address", "Query Parameters", "Referrer URL", "User Agent")
_EMAIL = (
    ("Campaign Run ID", "integer"),
    ("Choice Number", "integer"),
    ("Has Predictive", "boolean"),
    ("Step ID", "integer"),
    ("Test Variant", "integer"),
)
_EMAIL_CLIENT = (
    *_strings("Bot Activity Pattern", "Browser", "Device", "Platform", "User Agent"),
    ("Is Bot Activity", "boolean"),
    ("Is Mobile Device", "boolean"),
)

BUILT_IN_ACTIVITY_TYPES = (
    ActivityTypeDefinition(
        1, "Visit Webpage", ("Webpage ID", "integer"), (*_BROWSER, ("Webpage URL", "url"))
    ),
    ActivityTypeDefinition(
        2,
        "Fill Out Form",
        ("Webform ID", "integer"),
        (*_BROWSER, ("Form Fields", "text"), ("Webpage ID", "integer")),
        asset_group="form",
    ),
    ActivityTypeDefinition(
        3, "Click Link", ("Link ID", "integer"), (*_BROWSER, ("Webpage ID", "integer"))
    ),
    ActivityTypeDefinition(6, "Send Email", ("Mailing ID", "integer"), _EMAIL),
    ActivityTypeDefinition(7, "Email Delivered", ("Mailing ID", "integer"), _EMAIL),
    ActivityTypeDefinition(
        8,
        "Email Bounced",
        ("Mailing ID", "integer"),
        (*_EMAIL, *_strings("Category", "Subcategory", "Email"), ("Details", "text")),
    ),
    ActivityTypeDefinition(10, "Open Email", ("Mailing ID", "integer"), (*_EMAIL, *_EMAIL_CLIENT)),
    ActivityTypeDefinition(
        11, "Click Email", ("Mailing ID", "integer"), (*_EMAIL, *_EMAIL_CLIENT, ("Link", "url"))
    ),
    ActivityTypeDefinition(
        12,
        "New Lead",
        None,
        (("Created Date", "date"), *_strings("Form Name", "Lead Source", "Source Type")),
    ),
    ActivityTypeDefinition(
        13,
        "Change Data Value",
        ("Attribute Name", "string"),
        _strings("New Value", "Old Value", "Reason", "Source", "API Method Name", "Request ID"),
        asset_group="attribute",
    ),
    ActivityTypeDefinition(
        22,
        "Change Score",
        ("Score Name", "string"),
        (
            ("Change Value", "string"),
            ("New Value", "integer"),
            ("Old Value", "integer"),
            ("Relative Urgency", "float"),
            ("Reason", "text"),
        ),
        asset_group="attribute",
    ),
    ActivityTypeDefinition(
        24, "Add to List", ("List ID", "integer"), _strings("Source"), asset_group="static list"
    ),
    ActivityTypeDefinition(
        25,
        "Remove from List",
        ("List ID", "integer"),
        _strings("Source"),
        asset_group="static list",
    ),
    ActivityTypeDefinition(
        DELETE_LEAD_ID, "Delete Lead", ("Lead ID", "integer"), (("Remove From CRM", "boolean"),)
    ),
    ActivityTypeDefinition(
        46,
        "Interesting Moment",
        ("Milestone", "string"),
        (("Date", "datetime"), ("Description", "text"), *_strings("Source")),
    ),
    ActivityTypeDefinition(
        104,
        "Change Status in Progression",
        ("Program ID", "integer"),
        (
            ("Acquired By", "boolean"),
            ("New Status", "string"),
            ("New Status ID", "integer"),
            ("Old Status", "string"),
            ("Old Status ID", "integer"),
            ("Program Member ID", "integer"),
            ("Reason", "text"),
            ("Success", "boolean"),
        ),
        asset_group="program",
    ),
    # Has no attributes and no primary attribute.
    ActivityTypeDefinition(160, "Visit Preference Center", None, ()),
    # Custom activity types. The names of the first two are the same in snake_case.
    ActivityTypeDefinition(
        100001, "Attended Webinar", ("Webinar", "string"), (("Minutes", "integer"),)
    ),
    ActivityTypeDefinition(
        100002, "attended webinar", ("Webinar", "string"), (("Rating", "float"),)
    ),
    # The names of two attributes are the same in snake_case.
    ActivityTypeDefinition(
        100003,
        "Product Demo",
        ("Product", "string"),
        (("Demo Date", "date"), ("Demo-Date", "datetime"), ("List Price", "currency")),
    ),
)

UNSUBSCRIBE_EMAIL_TYPE = ActivityTypeDefinition(
    9,
    "Unsubscribe Email",
    ("Mailing ID", "integer"),
    (
        *_EMAIL,
        *_strings("Client IP Address", "Query Parameters", "Referrer URL", "User Agent"),
        ("Form Fields", "text"),
        ("Webform ID", "integer"),
        ("Webpage ID", "integer"),
    ),
)
MERGE_LEADS_TYPE = ActivityTypeDefinition(
    32,
    "Merge Leads",
    ("Lead ID", "integer"),
    (
        ("Master Updated", "boolean"),
        *_strings("Merge IDs", "Merge Source"),
        ("Merged in Sales", "boolean"),
    ),
)
MORE_ACTIVITY_TYPES = (UNSUBSCRIBE_EMAIL_TYPE, MERGE_LEADS_TYPE)
"""Types that a data set can be without, so that old expected results stay valid."""

# In place of the types with the same ids, without the edge case "similar names".
_DISTINCT_TYPES = {
    100002: ActivityTypeDefinition(
        100002, "Rated Webinar", ("Webinar", "string"), (("Rating", "float"),)
    ),
    100003: ActivityTypeDefinition(
        100003,
        "Product Demo",
        ("Product", "string"),
        (("Demo Date", "date"), ("List Price", "currency")),
    ),
}

DELETE_LEAD_TYPE = next(one for one in BUILT_IN_ACTIVITY_TYPES if one.id == DELETE_LEAD_ID)


def has_more_types(options: Options) -> bool:
    """Whether the types include ``MORE_ACTIVITY_TYPES``."""
    return options.more_activity_types or EdgeCase.ARBITRARY_VALUES not in options.edge_cases


def activity_types(options: Options) -> tuple[ActivityTypeDefinition, ...]:
    """The activity types of a sandbox with these options."""
    custom_types = (
        ActivityTypeDefinition(
            100_101 + number,
            f"Custom Activity {number + 1}",
            ("Subject", "string"),
            (("Amount", "currency"), ("Due On", "date"), ("Is Open", "boolean")),
        )
        for number in range(options.many_types)
    )
    built_in: tuple[ActivityTypeDefinition, ...] = BUILT_IN_ACTIVITY_TYPES
    if EdgeCase.SIMILAR_NAMES not in options.edge_cases:
        built_in = tuple(_DISTINCT_TYPES.get(one.id, one) for one in built_in)
    more_types = MORE_ACTIVITY_TYPES if has_more_types(options) else ()
    return (*built_in, *more_types, *custom_types)
