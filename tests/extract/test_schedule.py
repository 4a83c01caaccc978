"""Which step comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.extract.delivery import Delivery, Stage
from tap_marketo_bulk.extract.schedule import (
    REMINDER_SECONDS,
    Situation,
    idle_seconds,
    next_step,
)
from tap_marketo_bulk.sandbox import SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.fake_exports import TERMS, FakeExports, order

if TYPE_CHECKING:
    from collections.abc import Sequence

W, L, C, Q, D, R, T, F = (
    Stage.WAITING,
    Stage.LEFT,
    Stage.CREATED,
    Stage.IN_QUEUE,
    Stage.COMPLETED,
    Stage.READY,
    Stage.TAKEN,
    Stage.FAILED,
)


def line(*stages: Stage | tuple[str, Stage], recorded: bool = True) -> list[Delivery]:
    """Return deliveries at these stages, of leads unless another stream is named."""
    clock = TapClock(SandboxClock(NOW, speed=0))
    deliveries = []
    for day, each in enumerate(stages):
        stream, stage = each if isinstance(each, tuple) else ("leads", each)
        delivery = Delivery(order(day, stream), FakeExports(clock).real, TERMS, clock)
        delivery.stage, delivery.recorded = stage, recorded
        deliveries.append(delivery)
    return deliveries


def situation(deliveries: Sequence[Delivery], **more: Any) -> Situation:  # noqa: ANN401 - a situation's own
    usual: dict[str, Any] = {"awaited": None, "limit": 4, "now": 100.0, "resume_at": 0.0}
    return Situation(deliveries, **(usual | {"stalled": False} | more))


def chosen(deliveries: Sequence[Delivery], **more: Any) -> tuple[int, str] | None:  # noqa: ANN401 - a situation's own
    """Return the place of the delivery that has something to do, and what."""
    step = next_step(situation(deliveries, **more))
    return step and (deliveries.index(step[0]), step[1].__name__)


@pytest.mark.parametrize(
    ("stages", "step"),
    [
        ([], None),
        ([W], (0, "create")),
        ([C, W], (0, "enqueue")),
        ([Q, W], (1, "create")),
        ([W, L], (1, "take_up")),
        ([Q, D], (0, "poll")),
        ([D, W], (1, "create")),
        ([Q, Q, Q, Q, W], (0, "poll")),
        ([R, R, D], None),
        ([T, R, D], (2, "fetch")),
        ([R, T], None),
        ([F, W], None),
        ([F, C], None),
        ([F, D], None),
        ([F, L], None),
        # What is behind a failure is not wanted, but frees its place.
        ([F, Q], (1, "poll")),
        ([F, ("activities", W)], (1, "create")),
        ([W, F], (0, "create")),
    ],
)
def test_quick_steps_come_before_slow_ones(stages: list[Any], step: tuple[int, str] | None) -> None:
    assert chosen(line(*stages)) == step


def test_nothing_is_done_before_it_is_due() -> None:
    for stage in (L, C, Q):
        deliveries = line(stage)
        deliveries[0].due = 130.0
        assert chosen(deliveries) is None
        assert idle_seconds(situation(deliveries)) == 30.0
        assert chosen(deliveries, now=130.0)


def test_a_job_is_queued_once_state_knows_it_or_cannot_be_written() -> None:
    unknown = line(C, recorded=False)
    assert chosen(unknown) is None
    assert chosen(unknown, stalled=True) == (0, "enqueue")


def test_no_more_jobs_are_queued_than_allowed() -> None:
    assert chosen(line(Q, C), limit=1, now=-1.0) is None
    assert chosen(line(Q, C), limit=2, now=0.0) == (1, "enqueue")


def test_no_more_jobs_are_undertaken_than_allowed() -> None:
    assert chosen(line(D, R, R, W), limit=1) is None
    assert chosen(line(R, R, W), limit=1) == (2, "create")


def test_files_of_another_stream_do_not_keep_the_reader_waiting() -> None:
    deliveries = line(("leads", D), ("leads", R), ("leads", R), ("activities", W))
    assert chosen(deliveries, limit=1) is None
    assert chosen(deliveries, limit=1, awaited=deliveries[3]) == (3, "create")


def test_a_place_on_disk_is_kept_for_the_file_that_is_awaited() -> None:
    deliveries = line(Q, R, D)
    for each in deliveries[:2]:
        each.due = 200.0
    assert chosen(deliveries, limit=3) == (2, "fetch")
    assert chosen(deliveries, limit=3, awaited=deliveries[0]) is None
    assert chosen(line(R, R, D), awaited=None) is None
    full = line(R, R, D)
    assert chosen(full, awaited=full[2]) == (2, "fetch")
    assert chosen(full, awaited=full[0]) is None


def test_while_the_quota_is_spent_nothing_is_begun_but_files_are_brought() -> None:
    spent = {"resume_at": 5000.0}
    assert chosen(line(C, W), **spent) is None
    assert chosen(line(C, W, D), **spent) == (2, "fetch")
    assert chosen(line(W, Q), **spent) == (1, "poll")
    assert idle_seconds(situation(line(W), **spent)) == REMINDER_SECONDS
    assert idle_seconds(situation(line(W), now=4900.0, **spent)) == 100.0


def test_where_nothing_happens_by_itself_there_is_no_time_to_wait_for() -> None:
    assert idle_seconds(situation(line(R, T))) is None
    # What is due and cannot be done yet waits for something else to change.
    assert idle_seconds(situation(line(C, recorded=False))) is None
