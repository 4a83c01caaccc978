"""The assets: when each is created and changed, its name, and those that activities name.

All instants are epoch seconds.
"""

import zlib
from collections.abc import Collection
from dataclasses import dataclass

from tap_marketo_bulk.sandbox.data.random_values import (
    UNLIMITED_CHANGES,
    RecordHistory,
    random_bits,
)
from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.options import Options


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


PROGRAM_NAMES = (
    *("Webinar 2026-02 Reporting", "Trade Show Hannover", "Newsletter", "Content Hub"),
    *("Roadshow London", "Onboarding Nurture", "Paid Search DACH", "Customer Day"),
    *("Win-back Nurture", "Product Launch Spring"),
)
CAMPAIGN_NAMES = (
    *("Send email 1", "Score web visit", "Fill-out form", "Add to nurture", "Sync to sales"),
    *("Send email 2", "Mark as MQL", "Registration confirmation", "Reminder", "Data cleaning"),
    *("Send email 3", "Unsubscribe", "Score email click", "Follow-up attended", "Recycle"),
)
STATIC_LIST_NAMES = ("Import trade show", "Test recipients", "Partners", "Beta users")
SMART_LIST_NAMES = ("Opened in the last 30 days", "Customers in Europe", "MQL without owner")
EMAIL_NAMES = ("Webinar invitation", "Webinar reminder", "Product update", "Thank you")
TEMPLATE_NAMES = ("Basic one column", "Newsletter two columns", "Event invitation", "Plain text")
LANDING_PAGE_NAMES = ("Home", "Pricing", "Demo request", "Webinar registration", "Thank you")
FORM_NAMES = ("Webinar registration", "Newsletter subscription", "Guide download", "Demo request")
FOLDER_NAMES = ("Marketing Activities", "Events", "Emails", "Nurture", "Templates", "Archive")
SEGMENTATION_NAMES = ("Region", "Industry", "Company size", "Language")


NOT_IN_PROGRAM = "Not in Program"


@dataclass(frozen=True)
class ProgressionStatus:
    """A status of program members; ``is_success`` says whether a member has reached success."""

    name: str
    step: int
    is_success: bool

    def entry(self) -> dict[str, object]:
        """Its entry in ``progressionStatuses`` of a channel."""
        return {
            "name": self.name,
            "step": self.step,
            "description": None,
            "hidden": False,
            "success": self.is_success,
        }


@dataclass(frozen=True)
class Channel:
    """A channel: ``program_type`` is the type of its programs, ``api_type`` the same for Channels.

    ``status_names`` are in the order in which a member has them; those with an asterisk are
    successes.
    """

    id: int
    name: str
    program_type: str
    api_type: str
    status_names: tuple[str, ...]

    @property
    def statuses(self) -> tuple[ProgressionStatus, ...]:
        """The statuses that a member can have, in order."""
        return tuple(
            ProgressionStatus(name.rstrip("*"), 10 * number, name.endswith("*"))
            for number, name in enumerate(self.status_names, 1)
        )

    def entry(self, instant: str) -> dict[str, object]:
        """Its entry in Get Channels; ``instant`` is when it was created and updated."""
        statuses = (ProgressionStatus(NOT_IN_PROGRAM, 0, is_success=False), *self.statuses)
        return {
            "id": self.id,
            "name": self.name,
            "applicableProgramType": self.api_type,
            "progressionStatuses": [status.entry() for status in statuses],
            "createdAt": instant,
            "updatedAt": instant,
        }


CHANNELS = (
    Channel(1, "Online Advertising", "Default", "program", ("Member", "Engaged*")),
    Channel(2, "Nurture", "Engagement", "nurture", ("Member", "Influenced*")),
    Channel(
        3,
        "Roadshow",
        "Event",
        "event",
        ("Invited", "Registered", "Waitlisted", "No Show", "Attended*"),
    ),
    Channel(4, "Email Send", "Email", "email_batch", ("Sent", "Opened", "Clicked*")),
    Channel(
        5,
        "Webinar",
        "Event with Webinar",
        "webinar",
        ("Invited", "Registered", "No Show", "Attended*", "Attended On-demand*"),
    ),
    Channel(6, "Content", "Default", "program", ("Visited", "Filled-out Form*")),
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


_HOUR = 3600
_DAY = 24 * _HOUR
# One asset in four is changed all the time, the others a few times after their creation.
_ACTIVE_EVERY = 4
_EDGE_CASE_NAME_EVERY = 7


@dataclass(frozen=True)
class AssetKind:
    """A kind of assets.

    ``fixed`` are its first assets; the ids of the others follow ``first_id``, and ``title`` begins
    their names. ``initial_count`` is the number of assets at the start, fixed ones included.
    Without the edge case "asset names", ``plain_fixed`` (if any) and ``names`` are used in place of
    ``fixed`` and the title.
    """

    title: str
    first_id: int
    initial_count: int
    fixed: tuple[Asset, ...] = ()
    names: tuple[str, ...] = ()
    plain_fixed: tuple[Asset, ...] = ()

    def asset(self, number: int, edge_cases: Collection[EdgeCase]) -> Asset:
        """Asset ``number``, from 0, in order of creation."""
        has_edge_cases = EdgeCase.ASSET_NAMES in edge_cases
        if number < len(self.fixed):
            fixed = self.fixed if has_edge_cases or not self.plain_fixed else self.plain_fixed
            return fixed[number]
        asset_id = self.first_id + number
        if not has_edge_cases:
            return Asset(asset_id, self._plausible_name(number - len(self.fixed)))
        name = f"{self.title} {asset_id}"
        if number % _EDGE_CASE_NAME_EVERY == _EDGE_CASE_NAME_EVERY - 1:
            name = f'{name}: "Gr\u00f6\u00dfe", \u6f22\u5b57'
        return Asset(asset_id, name)

    def _plausible_name(self, number: int) -> str:
        """The name of asset ``number`` of those that are not fixed; each has another name."""
        name = self.names[number % len(self.names)]
        repetition = number // len(self.names)
        return f"{name} {repetition + 1}" if repetition else name


PROGRAM = AssetKind("Program", 1001, len(PROGRAMS), PROGRAMS, PROGRAM_NAMES)
CAMPAIGN = AssetKind("Campaign", 8000, 40, names=CAMPAIGN_NAMES)
STATIC_LIST = AssetKind(
    "Static List",
    2001,
    len(STATIC_LISTS),
    STATIC_LISTS,
    STATIC_LIST_NAMES,
    PLAIN_STATIC_LISTS,
)
SMART_LIST = AssetKind("Smart List", 3001, 5, SMART_LISTS, SMART_LIST_NAMES, PLAIN_SMART_LISTS)
EMAIL = AssetKind("Email", 4001, 8, EMAILS, EMAIL_NAMES)
EMAIL_TEMPLATE = AssetKind("Email Template", 601, 4, names=TEMPLATE_NAMES)
LANDING_PAGE = AssetKind("Landing Page", 501, 5, names=LANDING_PAGE_NAMES)
FORM = AssetKind("Form", 200, 5, FORMS, FORM_NAMES, PLAIN_FORMS)
FOLDER = AssetKind("Folder", 1001, 6, names=FOLDER_NAMES)
SEGMENTATION = AssetKind("Segmentation", 1001, 3, names=SEGMENTATION_NAMES)


@dataclass(frozen=True, slots=True)
class AssetSnapshot:
    """One asset as it is at one instant, after its change number ``change``."""

    kind: AssetKind
    number: int
    asset: Asset
    history: RecordHistory
    change: int
    edge_cases: Collection[EdgeCase]

    @property
    def created_at(self) -> int:
        """The instant of its creation."""
        return self.history.created_at

    @property
    def updated_at(self) -> int:
        """The instant of its latest change."""
        return self.history.instant_of_change(self.change)


class AssetCatalog:
    """Computes the assets of a subscription from the seed.

    The assets of the start are spread over ``history_seconds`` before ``created_at``. One more of
    each kind is created at the end of every period that ``new_assets_per_day`` gives.
    """

    def __init__(self, options: Options, created_at: int, history_seconds: int) -> None:
        self._options = options
        self._created_at = created_at
        self._history_seconds = history_seconds
        per_day = options.new_assets_per_day
        self._gap = max(1, round(_DAY / per_day)) if per_day else 0

    def assets(self, kind: AssetKind, at: int) -> list[AssetSnapshot]:
        """The assets of a kind that exist at ``at``, in order of creation."""
        snapshots = []
        for number in range(self._max_count(kind, at)):
            history = self._history(kind, number)
            if history.created_at <= at:
                change = history.change_count_at(at)
                edge_cases = self._options.edge_cases
                asset = kind.asset(number, edge_cases)
                snapshots.append(AssetSnapshot(kind, number, asset, history, change, edge_cases))
        return snapshots

    def _initial_count(self, kind: AssetKind) -> int:
        if kind is PROGRAM:
            return self._options.programs
        return kind.initial_count + self._options.many_assets

    def _max_count(self, kind: AssetKind, at: int) -> int:
        elapsed = max(0, at - self._created_at)
        return self._initial_count(kind) + (elapsed // self._gap if self._gap else 0)

    def _history(self, kind: AssetKind, number: int) -> RecordHistory:
        bits = random_bits(self._options.seed, zlib.crc32(kind.title.encode()), number, 7)
        is_active = number % _ACTIVE_EVERY == 0
        return RecordHistory(
            bits=bits,
            created_at=self._created_instant(kind, number, bits),
            change_period=6 * _HOUR if is_active else _HOUR + (bits >> 20) % (20 * _DAY),
            max_changes=UNLIMITED_CHANGES if is_active else (bits >> 12) % 4,
        )

    def _created_instant(self, kind: AssetKind, number: int, bits: int) -> int:
        initial_count = self._initial_count(kind)
        if number >= initial_count:
            return self._created_at + (number - initial_count + 1) * self._gap
        slot = self._history_seconds // initial_count
        return self._created_at - self._history_seconds + number * slot + bits % max(1, slot)
