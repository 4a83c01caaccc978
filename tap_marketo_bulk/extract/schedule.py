"""Which step comes next: a pure decision over the line of deliveries.

Quick steps that keep Marketo busy come before slow ones that fill the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract.delivery import Delivery, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Step = tuple[Delivery, Callable[[], None]]

# Proven files that wait on disk for the reader.
FILES_AHEAD = 2
# Ahead of the reader and not yet on disk.
_UNDERTAKEN = frozenset({Stage.LEFT, Stage.CREATED, Stage.IN_QUEUE, Stage.COMPLETED})
# Waiting for the day's quota says so this often.
REMINDER_SECONDS = 600.0


@dataclass(frozen=True)
class Situation:
    """What the decision is made from; all seconds are monotonic.

    Attributes:
        line: The deliveries, in the order of reading.
        awaited: The one the reader stands still for.
        limit: Jobs that may be under way at once.
        now: The present.
        resume_at: Nothing that costs quota is begun before it.
        stalled: STATE cannot be written, so jobs are enqueued without.
    """

    line: Sequence[Delivery]
    awaited: Delivery | None
    limit: int
    now: float
    resume_at: float
    stalled: bool


def next_step(situation: Situation) -> Step | None:
    """Return the delivery that has something to do now, and what; None where all must wait."""
    return next(_steps(situation), None)


def idle_seconds(situation: Situation) -> float | None:
    """Return the time until something falls due; None where nothing does by itself."""
    moments = [item.due for item in _in(situation.line, Stage.CREATED, Stage.IN_QUEUE)]
    if situation.now < situation.resume_at:
        moments += [situation.resume_at, situation.now + REMINDER_SECONDS]
    ahead = [moment - situation.now for moment in moments if moment > situation.now]
    return min(ahead, default=None)


def _steps(situation: Situation) -> Iterator[Step]:
    for delivery in _in(situation.line, Stage.LEFT):
        yield delivery, delivery.take_up
    if situation.now >= situation.resume_at:
        yield from _enqueue(situation)
        yield from _create(situation)
    for delivery in _in(situation.line, Stage.IN_QUEUE):
        if delivery.due <= situation.now:
            yield delivery, delivery.poll
    yield from _fetch(situation)


def _enqueue(situation: Situation) -> Iterator[Step]:
    in_queue = sum(1 for _ in _in(situation.line, Stage.IN_QUEUE))
    for delivery in _in(situation.line, Stage.CREATED):
        known = delivery.recorded or situation.stalled
        if known and delivery.due <= situation.now and in_queue < situation.limit:
            yield delivery, delivery.enqueue


def _create(situation: Situation) -> Iterator[Step]:
    """Begin with the next delivery of a stream that has not failed, within the limit."""
    undertaken = sum(1 for item in situation.line if item.stage in _UNDERTAKEN)
    busy = sum(1 for _ in _in(situation.line, Stage.CREATED, Stage.IN_QUEUE))
    failed = {item.order.stream for item in _in(situation.line, Stage.FAILED)}
    for delivery in _in(situation.line, Stage.WAITING):
        # Completed jobs of another stream must not keep the reader waiting for ever.
        ahead = busy if delivery is situation.awaited else undertaken
        if ahead < situation.limit and delivery.order.stream not in failed:
            yield delivery, delivery.create


def _fetch(situation: Situation) -> Iterator[Step]:
    """Fill the places on disk, one of which is kept for the file the reader waits for."""
    room = FILES_AHEAD - sum(1 for _ in _in(situation.line, Stage.READY))
    awaited = situation.awaited
    if awaited and awaited.stage is not Stage.READY:
        room -= 1
    for delivery in _in(situation.line, Stage.COMPLETED):
        if delivery is awaited or room > 0:
            yield delivery, delivery.fetch


def _in(line: Iterable[Delivery], *stages: Stage) -> Iterator[Delivery]:
    return (delivery for delivery in line if delivery.stage in stages)
