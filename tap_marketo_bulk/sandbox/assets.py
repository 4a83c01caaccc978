"""The assets of the subscription: programs, forms, campaigns and lists."""

from dataclasses import dataclass

from tap_marketo_bulk.sandbox.chance import draw
from tap_marketo_bulk.sandbox.leads import LeadState

_DAY = 86_400


@dataclass(frozen=True)
class Asset:
    """A named thing with an id; ``program`` is the one it lives in, if any."""

    id: int
    name: str
    program: str = ""

    @property
    def full_name(self) -> str:
        """``<program>.<asset>``, or the bare name of what lives in no program."""
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
MAILINGS = tuple(Asset(4001 + number, f"Newsletter {number + 1}") for number in range(6))
# The lead fields whose change makes an activity, by the ids and names of Describe Lead.
ATTRIBUTES = (
    Asset(4, "First Name"),
    Asset(8, "Email Address"),
    Asset(25, "Lead Score"),
    Asset(1006, "Fit Score"),
)
_EMPTY = frozenset({2004, 3002})


def is_member(lead: LeadState, list_id: int, at: int) -> bool:
    """Whether ``lead`` is on the list at ``at``. People join and leave as time goes on."""
    if list_id in _EMPTY:
        return False
    chance = draw(lead.life.chance, list_id)
    if chance % 4:
        return False
    joined_at = lead.life.created_at + (chance >> 8) % (30 * _DAY)
    left_at = joined_at + (chance >> 16) % (300 * _DAY)
    return joined_at <= at < left_at
