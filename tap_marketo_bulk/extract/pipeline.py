"""Orders in, proven files out, in order, with Marketo kept busy meanwhile.

Two threads meet here::

    the emitting thread (main)             the worker thread
    --------------------------             -----------------
    files()  hands out proven files        _work()  takes one step after another:
    note()   writes new ids to STATE                create, enqueue, poll, download
    close()  ends the run                   and on the way out: cancel

The worker alone asks Marketo for exports; the emitting thread alone touches Singer state.
The line of deliveries is what both see, and ``_changed`` guards it.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from tap_marketo_bulk.errors import (
    DataError,
    ExportFailedError,
    ExportQuotaError,
    ExportTimeoutError,
    FileNotReadyError,
    MarketoBulkError,
)
from tap_marketo_bulk.extract.delivery import Delivery, Stage
from tap_marketo_bulk.extract.schedule import (
    REMINDER_SECONDS,
    Situation,
    idle_seconds,
    next_step,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.extract.order import JobPolicy, Order
    from tap_marketo_bulk.marketo.export_job import ExportJob
    from tap_marketo_bulk.marketo.exports import ExportRequest, Exports

logger = logging.getLogger("tap-marketo-bulk.exports")

# The same job would only end the next run in the same way; another one may not.
_BRINGING_NOTHING = (DataError, ExportFailedError, ExportTimeoutError, FileNotReadyError)
# What the next run would pay for again, if the job of it were forgotten.
_WITH_JOB = frozenset({Stage.CREATED, Stage.IN_QUEUE, Stage.COMPLETED, Stage.READY, Stage.TAKEN})


@dataclass(frozen=True)
class VerifiedFile:
    """A file with the size and checksum its job promised, at its beginning.

    Attributes:
        request: The order's, less fields that Marketo no longer knows.
    """

    order: Order
    request: ExportRequest
    job: ExportJob
    content: BinaryIO


class Run(Protocol):
    """The run that a pipeline works for."""

    def record(self, order: Order, export_id: str) -> None:
        """Write a new job's id to STATE; called by the emitting thread."""
        ...

    def forget(self, order: Order) -> None:
        """Drop from STATE a job that brings nothing; called by the emitting thread."""
        ...

    def quota_pause(self, error: ExportQuotaError) -> float | None:
        """Return the seconds to wait when the day's quota is spent; None to give up."""
        ...


class Pipeline:
    """Turns orders into proven files, a few jobs ahead of the reader."""

    # The emitting thread comes by every few milliseconds. When it does not for so long, the
    # target has stalled, and Marketo is kept busy without STATE. Real time: it is about threads.
    STALL_SECONDS = 10.0
    # How long the end of a run waits for a call under way.
    FAREWELL_SECONDS = 5.0

    def __init__(
        self,
        exports: Exports,
        clock: Clock,
        terms: JobPolicy,
        run: Run,
    ) -> None:
        """Make no call yet.

        Args:
            exports: Marketo's export jobs.
            clock: The time in which Marketo is waited for.
            terms: How jobs are treated.
            run: Keeps the ids of jobs, and decides what a spent quota means.
        """
        self._exports = exports
        self._clock = clock
        self._terms = terms
        self._run = run
        self._changed = threading.Condition()
        self._line: list[Delivery] = []
        self._unwanted: list[Delivery] = []
        self._gone: defaultdict[str, set[str]] = defaultdict(set)
        self._awaited: Delivery | None = None
        self._resume_at = self._remind_at = clock.monotonic()
        self._stalled = False
        self._is_away = False
        self._closing = False
        self._worker: threading.Thread | None = None

    # The emitting thread.

    def order(self, orders: Iterable[Order]) -> None:
        """Put orders at the end of the line; work on them begins at once."""
        deliveries = [self._delivery(order) for order in orders]
        with self._changed:
            self._line += deliveries
            if self._line and self._worker is None:
                self._worker = threading.Thread(target=self._work, name="exports", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def files(self, stream: str) -> Generator[VerifiedFile, None, None]:
        """Yield a stream's proven files, in the order in which they were asked for.

        A file is gone when the next one is asked for.

        Raises:
            MarketoBulkError: What kept a file from coming, in the place of that file.
        """
        try:
            for delivery in self._of(stream):
                with self._arrived(delivery) as content:
                    yield VerifiedFile(delivery.order, delivery.request, delivery.job, content)
                self._remove([delivery])
        finally:
            self._remove(self._of(stream))

    def note(self) -> None:
        """Write the ids of new jobs to STATE, so that they can be enqueued."""
        for delivery, export_id in self._unrecorded():
            # Outside the lock: writing may take as long as the target likes.
            self._run.record(delivery.made_order, export_id)
            with self._changed:
                # Meanwhile the worker may have made another job.
                delivery.recorded = delivery.job.export_id == export_id
                self._stalled = False
                self._changed.notify_all()

    @contextmanager
    def away(self) -> Generator[None]:
        """Tell that the emitting thread waits for Marketo itself: no target has stalled then."""
        self._is_away = True
        try:
            yield
        finally:
            self._is_away = False

    def close(self) -> None:
        """End the worker, which cancels jobs that are of no use; the others run on."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._worker:
            # Not longer: somebody waits for the end, and what is left unsaid costs little.
            self._worker.join(self.FAREWELL_SECONDS)
        self._remove(self._line)

    def _delivery(self, order: Order) -> Delivery:
        gone = self._gone[order.stream]
        return Delivery(order, self._exports, self._terms, self._clock, gone)

    def _of(self, stream: str) -> list[Delivery]:
        return [delivery for delivery in self._line if delivery.order.stream == stream]

    def _unrecorded(self) -> list[tuple[Delivery, str]]:
        """Return deliveries whose job costs, or will, and is in no STATE yet; and its id."""
        # The worker goes on meanwhile, so each id is looked at once.
        ids = [(item, item.job.export_id) for item in self._line]
        return [
            (item, export_id)
            for item, export_id in ids
            if export_id and item.stage in _WITH_JOB and not item.recorded
        ]

    @contextmanager
    def _arrived(self, delivery: Delivery) -> Iterator[BinaryIO]:
        """Wait for a file, and give its place on disk free afterwards."""
        with self._changed:
            self._awaited = delivery
            self._changed.notify_all()
        while delivery.content is None:
            if delivery.error:
                if isinstance(delivery.error, _BRINGING_NOTHING):
                    self._run.forget(delivery.order)
                raise delivery.error
            self.note()
            with self._changed:
                if not (delivery.content or delivery.error or self._unrecorded()):
                    self._changed.wait()
        with self._changed:
            delivery.stage, self._awaited = Stage.TAKEN, None
            self._changed.notify_all()
        yield delivery.content

    def _remove(self, deliveries: list[Delivery]) -> None:
        """Take deliveries out of the line; the worker looks after their jobs."""
        with self._changed:
            self._line = [item for item in self._line if item not in deliveries]
            self._unwanted += deliveries
            self._changed.notify_all()
        for delivery in deliveries:
            if delivery.content:
                delivery.content.close()

    # The worker thread.

    def _work(self) -> None:
        """Take steps until the run is closed, then tidy up."""
        try:
            while not self._closing:
                self._go_on()
            with self._changed:
                self._unwanted += self._line
            self._cancel_unwanted()
        except BaseException as error:  # noqa: BLE001 - nobody may wait for a thread that is gone
            with self._changed:
                for delivery in self._line:
                    if delivery.content is None:
                        delivery.fail(error)
                self._changed.notify_all()

    def _go_on(self) -> None:
        """Take one step, or wait until there is one to take."""
        self._cancel_unwanted()
        with self._changed:
            situation = self._situation()
            chosen = next_step(situation)
            if chosen is None and not self._closing and not self._unwanted:
                self._remind(situation)
                self._clock.wait(self._changed, idle_seconds(situation))
        if chosen:
            self._take(*chosen)

    def _cancel_unwanted(self) -> None:
        """Stop what Marketo would do for nobody."""
        while self._unwanted:
            delivery = self._unwanted.pop()
            if delivery.is_lost:
                with suppress(MarketoBulkError):
                    delivery.cancel()

    def _situation(self) -> Situation:
        return Situation(
            line=self._line,
            awaited=self._awaited,
            limit=self._terms.max_jobs_in_flight,
            now=self._clock.monotonic(),
            resume_at=self._resume_at,
            stalled=self._stalled,
        )

    def _remind(self, situation: Situation) -> None:
        """Say every ten minutes that the quota is waited for."""
        left = situation.resume_at - situation.now
        if left > 0 and situation.now >= self._remind_at:
            self._remind_at = situation.now + REMINDER_SECONDS
            logger.info("Waiting %.0f more minutes for Marketo's export quota.", left / 60)

    def _take(self, delivery: Delivery, step: Callable[[], None]) -> None:
        """Take one step, and turn what goes wrong into the delivery's error."""
        try:
            step()
        except ExportQuotaError as error:
            self._mind_quota(delivery, error)
        except BaseException as error:  # noqa: BLE001 - the emitting thread raises it
            delivery.fail(error)
        with self._changed:
            self._changed.notify_all()
            if delivery.stage is Stage.CREATED and not delivery.recorded and not self._stalled:
                # A created job costs nothing, an enqueued one does: first into STATE.
                self._stalled = not self._await_record(delivery)
            if delivery not in self._line:
                # Given up while the step was under way.
                self._unwanted.append(delivery)
                if delivery.content:
                    delivery.content.close()

    def _await_record(self, delivery: Delivery) -> bool:
        """Wait until a job's id is in STATE; returns False where the target has stalled."""
        while True:
            done = self._changed.wait_for(
                lambda: delivery.recorded or self._closing or delivery not in self._line,
                self.STALL_SECONDS,
            )
            if done or not self._is_away:
                return done

    def _mind_quota(self, refused: Delivery, error: ExportQuotaError) -> None:
        """Wait for the quota's reset, or give up what is not in the queue by now."""
        pause = self._run.quota_pause(error)
        with self._changed:
            if pause is not None:
                # Should a file be refused, that is one to wait for too.
                self._resume_at = refused.due = self._clock.monotonic() + pause
                return
            refused.fail(error)
            for delivery in self._line:
                if delivery.stage in (Stage.WAITING, Stage.CREATED):
                    delivery.fail(error)
