"""The assets that exist at an instant: when each is created and how often it was changed.

All instants are epoch seconds.
"""

import zlib
from dataclasses import dataclass

from tap_marketo_bulk.sandbox.data.assets import (
    EMAILS,
    FORMS,
    PROGRAMS,
    SMART_LISTS,
    STATIC_LISTS,
    Asset,
)
from tap_marketo_bulk.sandbox.data.random_values import random_bits
from tap_marketo_bulk.sandbox.data.record_history import UNLIMITED_CHANGES, RecordHistory
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
    """

    title: str
    first_id: int
    initial_count: int
    fixed: tuple[Asset, ...] = ()

    def asset(self, number: int) -> Asset:
        """Asset ``number``, from 0, in order of creation."""
        if number < len(self.fixed):
            return self.fixed[number]
        asset_id = self.first_id + number
        name = f"{self.title} {asset_id}"
        if number % _EDGE_CASE_NAME_EVERY == _EDGE_CASE_NAME_EVERY - 1:
            name = f'{name}: "Gr\u00f6\u00dfe", \u6f22\u5b57'
        return Asset(asset_id, name)


PROGRAM = AssetKind("Program", 1001, len(PROGRAMS), PROGRAMS)
CAMPAIGN = AssetKind("Campaign", 8000, 40)
STATIC_LIST = AssetKind("Static List", 2001, len(STATIC_LISTS), STATIC_LISTS)
SMART_LIST = AssetKind("Smart List", 3001, 5, SMART_LISTS)
EMAIL = AssetKind("Email", 4001, 8, EMAILS)
EMAIL_TEMPLATE = AssetKind("Email Template", 601, 4)
LANDING_PAGE = AssetKind("Landing Page", 501, 5)
FORM = AssetKind("Form", 200, 5, FORMS)
FOLDER = AssetKind("Folder", 1001, 6)
SEGMENTATION = AssetKind("Segmentation", 1001, 3)


@dataclass(frozen=True, slots=True)
class AssetSnapshot:
    """One asset as it is at one instant, after its change number ``change``."""

    kind: AssetKind
    number: int
    asset: Asset
    history: RecordHistory
    change: int

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
                snapshots.append(AssetSnapshot(kind, number, kind.asset(number), history, change))
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
