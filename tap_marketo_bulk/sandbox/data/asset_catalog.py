"""The assets that exist at an instant: when each is created and how often it was changed.

All instants are epoch seconds.
"""

import zlib
from collections.abc import Collection
from dataclasses import dataclass

from tap_marketo_bulk.sandbox.data.asset_names import (
    CAMPAIGN_NAMES,
    EMAIL_NAMES,
    FOLDER_NAMES,
    FORM_NAMES,
    LANDING_PAGE_NAMES,
    PROGRAM_NAMES,
    SEGMENTATION_NAMES,
    SMART_LIST_NAMES,
    STATIC_LIST_NAMES,
    TEMPLATE_NAMES,
)
from tap_marketo_bulk.sandbox.data.assets import (
    EMAILS,
    FORMS,
    PLAIN_FORMS,
    PLAIN_SMART_LISTS,
    PLAIN_STATIC_LISTS,
    PROGRAMS,
    SMART_LISTS,
    STATIC_LISTS,
    Asset,
)
from tap_marketo_bulk.sandbox.data.random_values import random_bits
from tap_marketo_bulk.sandbox.data.record_history import UNLIMITED_CHANGES, RecordHistory
from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.options import Options

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
