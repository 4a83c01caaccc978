"""What plausible activities are about: emails, web pages, forms, programs, lists and fields."""

from tap_marketo_bulk.sandbox.data.assets import (
    EMAILS,
    EMPTY_LIST_IDS,
    LEAD_ATTRIBUTES,
    PLAIN_FORMS,
    PLAIN_STATIC_LISTS,
    PROGRAMS,
    Asset,
)

WEB_PAGES = tuple(
    Asset(501 + number, name)
    for number, name in enumerate(
        ("/", "/pricing", "/product", "/customers", "/blog/roi", "/webinars", "/contact", "/docs")
    )
)
_LINKS = (Asset(9001, "/pricing"), Asset(9002, "/demo"), Asset(9003, "/download/guide.pdf"))
_CHANGED_FIELDS = (Asset(13, "Job Title"), Asset(9, "Phone Number"), Asset(26, "Lead Status"))
_MOMENTS = (Asset(1, "Web"), Asset(2, "Email"), Asset(3, "Milestone"))
_WEBINARS = (
    Asset(1, "Getting started"),
    Asset(2, "Reporting in an hour"),
    Asset(3, "Customer stories"),
)
_LISTS = tuple(one for one in PLAIN_STATIC_LISTS if one.id not in EMPTY_LIST_IDS)
_PRODUCTS = (Asset(1, "Analytics"), Asset(2, "Automation"))

_ASSETS_BY_TYPE = {
    1: WEB_PAGES,
    2: PLAIN_FORMS,
    3: _LINKS,
    13: _CHANGED_FIELDS,
    22: LEAD_ATTRIBUTES[2:],
    24: _LISTS,
    25: _LISTS,
    46: _MOMENTS,
    104: PROGRAMS,
    100001: _WEBINARS,
    100002: _WEBINARS,
    100003: _PRODUCTS,
}


def assets_of_type(activity_type_id: int) -> tuple[Asset, ...]:
    """The assets that the primary attribute of a type can have; other types have emails."""
    return _ASSETS_BY_TYPE.get(activity_type_id, EMAILS)
