"""The assets of the subscription: programs, forms, emails and lists."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Asset:
    """A named object with an id; ``program`` is the name of its program, if it has one."""

    id: int
    name: str
    program: str = ""

    @property
    def full_name(self) -> str:
        """``<program>.<asset>``, or only the name of an asset without a program."""
        return f"{self.program}.{self.name}" if self.program else self.name


PROGRAMS = tuple(
    Asset(1001 + number, name)
    for number, name in enumerate(("GL_OP_ALL_2021", "Nurture Automation", "SuccessWebCPS"))
)
FORMS = (
    Asset(16, "MPS Outbound", "GL_OP_ALL_2021"),
    Asset(102, "Contact Us", "Nurture Automation"),
    Asset(95, "Demo, please; now", "SuccessWebCPS"),
)
STATIC_LISTS = (
    Asset(2001, "Customers"),
    Asset(2002, "Trade show 2026", "GL_OP_ALL_2021"),
    Asset(2003, "Gr\u00f6\u00dfte Kunden, \u6f22\u5b57"),
    Asset(2004, "Empty"),
)
SMART_LISTS = (Asset(3001, "Lively people"), Asset(3002, "Nobody"))
PLAIN_FORMS = (*FORMS[:2], Asset(95, "Product demo", "SuccessWebCPS"))
PLAIN_STATIC_LISTS = (*STATIC_LISTS[:2], Asset(2003, "Top customers"), Asset(2004, "Archive 2019"))
PLAIN_SMART_LISTS = (Asset(3001, "Active in the last 90 days"), Asset(3002, "Hard bounces"))
"""The same assets without the edge case "asset names"."""
EMPTY_LIST_IDS = frozenset({2004, 3002})
"""The lists that never have a member."""
EMAILS = tuple(Asset(4001 + number, f"Newsletter {number + 1}") for number in range(6))
LEAD_ATTRIBUTES = (
    Asset(4, "First Name"),
    Asset(8, "Email Address"),
    Asset(25, "Lead Score"),
    Asset(1006, "Fit Score"),
)
"""The lead fields whose changes are activities, with the ids and names of Describe Lead."""

_BY_GROUP = {
    "form": FORMS,
    "program": PROGRAMS,
    "static list": STATIC_LISTS,
    "attribute": LEAD_ATTRIBUTES,
    "": EMAILS,
}


def assets_in_group(asset_group: str) -> tuple[Asset, ...]:
    """The assets of an activity type's ``asset_group``; types without a group have emails."""
    return _BY_GROUP[asset_group]
