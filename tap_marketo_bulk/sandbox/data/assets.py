"""The assets: when each is created and changed, its name, and those that activities name.

All instants are epoch seconds.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from tap_marketo_bulk.sandbox.data import load_table
from tap_marketo_bulk.sandbox.data.random_values import (
    UNLIMITED_CHANGES,
    RecordHistory,
    random_bits,
    text_number,
)
from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.options import Options

_TABLES = load_table("assets")
_HOUR = 3600
_DAY = 24 * _HOUR
# One asset in four is changed all the time, the others a few times after their creation.
_ACTIVE_EVERY = 4
_EDGE_CASE_NAME_EVERY = 7
NOT_IN_PROGRAM = "Not in Program"
EMPTY_LIST_IDS = frozenset({2004, 3002})
"""The lists that never have a member."""


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


def _assets(rows: Iterable[list[object]]) -> tuple[Asset, ...]:
    return tuple(Asset(*row) for row in rows)  # type: ignore[arg-type]  # id, name, program


@dataclass(frozen=True)
class AssetKind:
    """A kind of assets.

    ``fixed`` are its first assets; the ids of the others follow ``first_id``, and ``title`` begins
    their names. ``initial_count`` is the number of assets at the start, fixed ones included.
    Without the edge case "asset names", ``plain_fixed`` and ``names`` are used in place of
    ``fixed`` and the title. ``url_prefix`` begins its id in the addresses of the application.
    """

    title: str
    first_id: int
    initial_count: int
    fixed: tuple[Asset, ...]
    plain_fixed: tuple[Asset, ...]
    names: tuple[str, ...]

    def asset(self, number: int, edge_cases: Collection[EdgeCase]) -> Asset:
        """Asset ``number``, from 0, in order of creation."""
        has_edge_cases = EdgeCase.ASSET_NAMES in edge_cases
        if number < len(self.fixed):
            return (self.fixed if has_edge_cases else self.plain_fixed)[number]
        asset_id = self.first_id + number
        if not has_edge_cases:
            repetition, name = divmod(number - len(self.fixed), len(self.names))
            suffix = f" {repetition + 1}" if repetition else ""
            return Asset(asset_id, f"{self.names[name]}{suffix}")
        name_text = f"{self.title} {asset_id}"
        if number % _EDGE_CASE_NAME_EVERY == _EDGE_CASE_NAME_EVERY - 1:
            name_text = f'{name_text}: "Gr\u00f6\u00dfe", \u6f22\u5b57'
        return Asset(asset_id, name_text)


def _kind(row: dict[str, Any]) -> AssetKind:
    fixed = _assets(row.get("fixed", ()))
    plain_fixed = _assets(row.get("plain_fixed", ())) or fixed
    names = tuple(row["names"])
    return AssetKind(**row | {"fixed": fixed, "plain_fixed": plain_fixed, "names": names})


ASSET_KINDS = {row["title"]: _kind(row) for row in _TABLES["kinds"]}
PROGRAM, CAMPAIGN = ASSET_KINDS["Program"], ASSET_KINDS["Campaign"]
STATIC_LIST, SMART_LIST = ASSET_KINDS["Static List"], ASSET_KINDS["Smart List"]
EMAIL, EMAIL_TEMPLATE = ASSET_KINDS["Email"], ASSET_KINDS["Email Template"]
LANDING_PAGE, FORM = ASSET_KINDS["Landing Page"], ASSET_KINDS["Form"]
FOLDER, SEGMENTATION = ASSET_KINDS["Folder"], ASSET_KINDS["Segmentation"]

PROGRAMS = PROGRAM.fixed
"""The programs with fixed ids; arbitrary activities name only these."""
EMAILS = EMAIL.fixed
"""The emails with fixed ids."""
_BY_GROUP = {
    "form": FORM.fixed,
    "program": PROGRAMS,
    "static list": STATIC_LIST.fixed,
    "attribute": _assets(_TABLES["lead fields"]),
    "": EMAILS,
}
_BY_TYPE = {22: _BY_GROUP["attribute"][2:]} | {
    int(type_id): _assets(rows) for type_id, rows in _TABLES["of activities"].items()
}
WEB_PAGES = _BY_TYPE[1]


def assets_in_group(asset_group: str) -> tuple[Asset, ...]:
    """The assets of an activity type's ``asset_group``; types without a group have emails."""
    return _BY_GROUP[asset_group]


def assets_of_type(activity_type_id: int) -> tuple[Asset, ...]:
    """What the primary attribute of a type names, such as web pages; by default emails."""
    return _BY_TYPE.get(activity_type_id, EMAILS)


@dataclass(frozen=True)
class ProgressionStatus:
    """A status of program members; ``is_success`` says whether a member has reached success."""

    name: str
    step: int
    is_success: bool = False

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

    ``statuses`` are those that a member can have, in order.
    """

    id: int
    name: str
    program_type: str
    api_type: str
    statuses: tuple[ProgressionStatus, ...]

    def entry(self, instant: str) -> dict[str, object]:
        """Its entry in Get Channels; ``instant`` is when it was created and updated."""
        statuses = (ProgressionStatus(NOT_IN_PROGRAM, 0), *self.statuses)
        return {
            "id": self.id,
            "name": self.name,
            "applicableProgramType": self.api_type,
            "progressionStatuses": [status.entry() for status in statuses],
            "createdAt": instant,
            "updatedAt": instant,
        }


def _statuses(names: list[str]) -> tuple[ProgressionStatus, ...]:
    """The statuses with these names; those with an asterisk are successes."""
    return tuple(
        ProgressionStatus(name.rstrip("*"), 10 * number, name.endswith("*"))
        for number, name in enumerate(names, 1)
    )


CHANNELS = tuple(
    Channel(number, name, program_type, api_type, _statuses(names))
    for number, name, program_type, api_type, names in _TABLES["channels"]
)


@dataclass(frozen=True, slots=True)
class AssetSnapshot:
    """One asset as it is at one instant, after its change number ``change``."""

    kind: AssetKind
    number: int
    asset: Asset
    history: RecordHistory
    change: int
    edge_cases: Collection[EdgeCase] = field(repr=False)

    @property
    def created_at(self) -> int:
        """The instant of its creation."""
        return self.history.created_at

    @property
    def updated_at(self) -> int:
        """The instant of its latest change."""
        return self.history.instant_of_change(self.change)


def program_channel(program: AssetSnapshot) -> Channel:
    """The channel of a program; it determines the type of the program."""
    return CHANNELS[program.number % len(CHANNELS)]


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
        elapsed = max(0, at - self._created_at)
        count = self._initial_count(kind) + (elapsed // self._gap if self._gap else 0)
        edge_cases = self._options.edge_cases
        histories = enumerate(self._history(kind, number) for number in range(count))
        return [
            AssetSnapshot(kind, number, asset, history, history.change_count_at(at), edge_cases)
            for number, history in histories
            if history.created_at <= at
            for asset in [kind.asset(number, edge_cases)]
        ]

    def _initial_count(self, kind: AssetKind) -> int:
        if kind is PROGRAM:
            return self._options.programs
        return kind.initial_count + self._options.many_assets

    def _history(self, kind: AssetKind, number: int) -> RecordHistory:
        bits = random_bits(self._options.seed, text_number(kind.title), number, 7)
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
