"""The kinds of activities, as Get Activity Types tells them."""

from dataclasses import dataclass

Attribute = tuple[str, str]
"""A display name and a data type."""

DELETE_LEAD = 37


@dataclass(frozen=True)
class Kind:
    """One activity type. ``assets`` names the group whose ids and names its primary values are."""

    id: int
    name: str
    primary: Attribute | None
    attributes: tuple[Attribute, ...]
    assets: str = ""

    def described(self) -> dict[str, object]:
        """The entry as Get Activity Types shows it."""
        entry: dict[str, object] = {
            "id": self.id,
            "name": self.name,
            "description": f"{self.name}, as it happened to a person",
        }
        if self.primary:
            entry["primaryAttribute"] = _attribute(self.primary)
        entry["attributes"] = [_attribute(attribute) for attribute in self.attributes]
        return entry


def _attribute(attribute: Attribute) -> dict[str, str]:
    name, data_type = attribute
    return {"name": name, "dataType": data_type}


def _strings(*names: str) -> tuple[Attribute, ...]:
    return tuple((name, "string") for name in names)


_BROWSER = _strings("Client IP Address", "Query Parameters", "Referrer URL", "User Agent")
_MAIL = (
    ("Campaign Run ID", "integer"),
    ("Choice Number", "integer"),
    ("Has Predictive", "boolean"),
    ("Step ID", "integer"),
    ("Test Variant", "integer"),
)
_READER = (
    *_strings("Bot Activity Pattern", "Browser", "Device", "Platform", "User Agent"),
    ("Is Bot Activity", "boolean"),
    ("Is Mobile Device", "boolean"),
)

KINDS = (
    Kind(1, "Visit Webpage", ("Webpage ID", "integer"), (*_BROWSER, ("Webpage URL", "url"))),
    Kind(
        2,
        "Fill Out Form",
        ("Webform ID", "integer"),
        (*_BROWSER, ("Form Fields", "text"), ("Webpage ID", "integer")),
        assets="form",
    ),
    Kind(3, "Click Link", ("Link ID", "integer"), (*_BROWSER, ("Webpage ID", "integer"))),
    Kind(6, "Send Email", ("Mailing ID", "integer"), _MAIL),
    Kind(7, "Email Delivered", ("Mailing ID", "integer"), _MAIL),
    Kind(
        8,
        "Email Bounced",
        ("Mailing ID", "integer"),
        (*_MAIL, *_strings("Category", "Subcategory", "Email"), ("Details", "text")),
    ),
    Kind(10, "Open Email", ("Mailing ID", "integer"), (*_MAIL, *_READER)),
    Kind(11, "Click Email", ("Mailing ID", "integer"), (*_MAIL, *_READER, ("Link", "url"))),
    Kind(
        12,
        "New Lead",
        None,
        (("Created Date", "date"), *_strings("Form Name", "Lead Source", "Source Type")),
    ),
    Kind(
        13,
        "Change Data Value",
        ("Attribute Name", "string"),
        _strings("New Value", "Old Value", "Reason", "Source", "API Method Name", "Request ID"),
        assets="attribute",
    ),
    Kind(
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
        assets="attribute",
    ),
    Kind(24, "Add to List", ("List ID", "integer"), _strings("Source"), assets="static list"),
    Kind(25, "Remove from List", ("List ID", "integer"), _strings("Source"), assets="static list"),
    Kind(DELETE_LEAD, "Delete Lead", ("Lead ID", "integer"), (("Remove From CRM", "boolean"),)),
    Kind(
        46,
        "Interesting Moment",
        ("Milestone", "string"),
        (("Date", "datetime"), ("Description", "text"), *_strings("Source")),
    ),
    Kind(
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
        assets="program",
    ),
    # Without attributes of any kind.
    Kind(160, "Visit Preference Center", None, ()),
    # Custom ones. The first two come to the same name in snake_case.
    Kind(100001, "Attended Webinar", ("Webinar", "string"), (("Minutes", "integer"),)),
    Kind(100002, "attended webinar", ("Webinar", "string"), (("Rating", "float"),)),
    # Two attributes that come to the same name in snake_case.
    Kind(
        100003,
        "Product Demo",
        ("Product", "string"),
        (("Demo Date", "date"), ("Demo-Date", "datetime"), ("List Price", "currency")),
    ),
)


def kinds(many: int = 0) -> tuple[Kind, ...]:
    """The kinds that every sandbox has, and ``many`` more custom ones."""
    more = (
        Kind(
            100_101 + number,
            f"Custom Activity {number + 1}",
            ("Subject", "string"),
            (("Amount", "currency"), ("Due On", "date"), ("Is Open", "boolean")),
        )
        for number in range(many)
    )
    return (*KINDS, *more)
