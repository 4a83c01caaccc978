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
    stages = (Stage.LEFT, Stage.CREATED, Stage.IN_QUEUE, Stage.COMPLETED)
    moments = [item.due for item in _in(situation.line, *stages)]
    if situation.now < situation.resume_at:
        moments += [situation.resume_at, situation.now + REMINDER_SECONDS]
    ahead = [moment - situation.now for moment in moments if moment > situation.now]
    return min(ahead, default=None)


def _steps(situation: Situation) -> Iterator[Step]:
    wanted = _wanted(situation.line)
    for delivery in _due(situation, wanted, Stage.LEFT):
        yield delivery, delivery.take_up
    if situation.now >= situation.resume_at:
        yield from _enqueue(situation, wanted)
        yield from _create(situation, wanted)
    # Also what is no longer wanted: when it is done, its place in the queue is free.
    for delivery in _due(situation, situation.line, Stage.IN_QUEUE):
        yield delivery, delivery.poll
    yield from _fetch(situation, wanted)


def _wanted(line: Iterable[Delivery]) -> list[Delivery]:
    """Leave out what stands behind a failure of its own stream: this run will not read it."""
    failed: set[str] = set()
    wanted = []
    for delivery in line:
        if delivery.stage is Stage.FAILED:
            failed.add(delivery.order.stream)
        if delivery.order.stream not in failed:
            wanted.append(delivery)
    return wanted


def _enqueue(situation: Situation, wanted: list[Delivery]) -> Iterator[Step]:
    in_queue = sum(1 for _ in _in(situation.line, Stage.IN_QUEUE))
    for delivery in _due(situation, wanted, Stage.CREATED):
        known = delivery.recorded or situation.stalled
        if known and in_queue < situation.limit:
            yield delivery, delivery.enqueue


def _create(situation: Situation, wanted: list[Delivery]) -> Iterator[Step]:
    """Begin with the next delivery, within the limit."""
    in_queue = sum(1 for _ in _in(situation.line, Stage.IN_QUEUE))
    busy = in_queue + sum(1 for _ in _in(wanted, Stage.CREATED))
    undertaken = busy + sum(1 for _ in _in(wanted, Stage.LEFT, Stage.COMPLETED))
    for delivery in _in(wanted, Stage.WAITING):
        # Completed jobs of another stream must not keep the reader waiting for ever.
        ahead = busy if delivery is situation.awaited else undertaken
        if ahead < situation.limit:
            yield delivery, delivery.create


def _fetch(situation: Situation, wanted: list[Delivery]) -> Iterator[Step]:
    """Fill the places on disk, one of which is kept for the file the reader waits for."""
    room = FILES_AHEAD - sum(1 for _ in _in(situation.line, Stage.READY))
    awaited = situation.awaited
    if awaited and awaited.stage is not Stage.READY:
        room -= 1
    for delivery in _due(situation, wanted, Stage.COMPLETED):
        if delivery is awaited or room > 0:
            yield delivery, delivery.fetch


def _in(line: Iterable[Delivery], *stages: Stage) -> Iterator[Delivery]:
    return (delivery for delivery in line if delivery.stage in stages)


def _due(situation: Situation, line: Iterable[Delivery], stage: Stage) -> Iterator[Delivery]:
    return (delivery for delivery in _in(line, stage) if delivery.due <= situation.now)
