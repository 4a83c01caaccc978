"""What all streams of a run share: settings, clock, pipeline, and how the run ends."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import DailyQuotaExceededError
from tap_marketo_bulk.extract.pipeline import Pipeline
from tap_marketo_bulk.extract.quota import next_reset
from tap_marketo_bulk.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.errors import ExportQuotaError
    from tap_marketo_bulk.extract.order import Order
    from tap_marketo_bulk.extract.pipeline import VerifiedFile
    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.settings import Settings
    from tap_marketo_bulk.streams.bulk import BulkStream

logger = logging.getLogger("tap-marketo-bulk")

# So long after midnight a spent quota is still the one of the day before.
RESET_TOLERANCE = timedelta(minutes=30)
RESET_RETRY = timedelta(minutes=5)


class Source:
    """Marketo, as the streams of one run see it."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        exports: Exports,
        selected: Callable[[], Sequence[BulkStream]],
    ) -> None:
        """Make no call yet.

        Args:
            settings: What the tap was told.
            clock: The time Marketo is waited for in.
            exports: Marketo's export jobs.
            selected: Returns the streams of this run, in the order in which they are read.
        """
        self.settings = settings
        self.clock = clock
        self._selected = selected
        self._planned: dict[str, BulkStream] = {}
        self._finished: set[str] = set()
        self._shortfall: ExportQuotaError | None = None
        self._short: set[str] = set()
        self.pipeline = Pipeline(exports, clock, settings.job_policy, self)

    def files(self, stream: BulkStream) -> Iterator[VerifiedFile]:
        """Yield a stream's files; the first stream that asks sets all of them going."""
        if not self._planned:
            self._planned = {each.name: each for each in self._selected()}
            plan = [order for each in self._planned.values() for order in each.orders()]
            self.pipeline.order(plan)
        return self.pipeline.files(stream.name)

    def order_again(self, stream: BulkStream) -> None:
        """Ask for a stream's windows anew, after its first plan came to nothing."""
        self.pipeline.order(stream.orders())

    # What the pipeline asks of a run.

    def record(self, order: Order, export_id: str) -> None:
        """Put the id of a job into STATE."""
        self._planned[order.stream].record_export(order, export_id)

    def forget(self, order: Order) -> None:
        """Take a job out of STATE that brings nothing."""
        stream = self._planned[order.stream]
        stream.bookmark.forget(order)
        stream.write_state()

    def quota_pause(self, error: ExportQuotaError) -> float | None:
        """Return the seconds to wait for the reset, or None where the run is to end."""
        if self.settings.on_quota_exceeded != "wait":
            return None
        now = self.clock.now()
        reset = next_reset(now)
        if next_reset(now - RESET_TOLERANCE) < reset:
            # Marketo's clock is behind ours, or it takes its time.
            reset = now + RESET_RETRY
        logger.warning("%s Waiting until %s.", error, format_instant(reset))
        return (reset - now).total_seconds() + 1

    def fall_short(self, stream: BulkStream, error: ExportQuotaError) -> None:
        """Note that a stream could not be read to its end today."""
        self._shortfall = error
        self._short.add(stream.name)

    def finish(self, stream: BulkStream) -> None:
        """Say after the last stream what the quota kept back, as an error if so set.

        Raises:
            DailyQuotaExceededError: ``on_quota_exceeded`` is ``fail``.
        """
        self._finished.add(stream.name)
        if self._shortfall is None or self._finished < set(self._planned):
            return
        reached = {
            part.name: part.reached
            for each in self._planned.values()
            for part in each.parts()
            # A full table that was read to its end has no bookmark to tell of.
            if part.reached or each.name in self._short
        }
        spent = DailyQuotaExceededError(
            self._shortfall.quota_megabytes, reached, next_reset(self.clock.now())
        )
        if self.settings.on_quota_exceeded == "fail":
            raise spent from self._shortfall
        logger.warning("%s", spent)
