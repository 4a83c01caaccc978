"""Records past the SDK's machinery are the same messages."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.singerlib.encoding.simple import RecordMessage, StateMessage

from tap_marketo_bulk.sandbox import Options
from tap_marketo_bulk.streams.writer import BLOCK_BYTES, MessageWriter
from tests.support.runs import Tap, edited, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.sandbox import Sandbox

Message = dict[str, Any]
Bytes = pytest.CaptureFixture[bytes]


@pytest.fixture
def options() -> Options:
    """A small subscription in which nothing waits."""
    return Options(leads=60, activities=300, job_seconds=0, late_seconds=0)


@pytest.fixture
def tap(sandbox: Sandbox, clock: Clock) -> Tap:
    """The tap of that subscription."""
    return Tap(sandbox, clock, {"poll_seconds": 1})


def written(out: bytes) -> list[Message]:
    """Return the messages on stdout that do not depend on the moment."""
    messages = [json.loads(line) for line in out.splitlines()]
    return timeless(messages)


def timeless(messages: list[Message]) -> list[Message]:
    """Leave out STATE, whose moments depend on Marketo, and when a record was extracted."""
    return [
        {name: value for name, value in message.items() if name != "time_extracted"}
        for message in messages
        if message["type"] != "STATE"
    ]


def to_stdout(tap: Tap, **options: Any) -> None:  # noqa: ANN401 - the tap's own
    """Run the tap as its command does, with its own writer."""
    made = tap.make(target=MessageWriter(), **options)  # type: ignore[arg-type] # not the tests' target
    made.sync_all()
    made.run.pipeline.close()


def test_both_ways_write_the_same_messages(tap: Tap, capfdbinary: Bytes) -> None:
    ordinary = tap.run()
    to_stdout(tap)
    assert written(capfdbinary.readouterr().out) == timeless(ordinary.messages)


def test_both_ways_write_the_same_messages_of_typed_streams(tap: Tap, capfdbinary: Bytes) -> None:
    catalog = tap.discover()
    typed = [each["stream"] for each in catalog["streams"] if "activities_" in each["stream"]]
    selected = selecting(catalog, "activities", *typed[:4])
    ordinary = tap.run(catalog=selected)
    to_stdout(tap, catalog=selected)
    assert written(capfdbinary.readouterr().out) == timeless(ordinary.messages)


def test_both_ways_leave_out_what_is_deselected(tap: Tap, capfdbinary: Bytes) -> None:
    def deselect(entry: Message) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"] == ["properties", "email"]:
                item["metadata"]["selected"] = False

    catalog = edited(selecting(tap.discover(), "leads"), "leads", deselect)
    ordinary = tap.run(catalog=catalog)
    to_stdout(tap, catalog=catalog)
    assert written(capfdbinary.readouterr().out) == timeless(ordinary.messages)
    assert not any("email" in record for record in ordinary.records("leads"))


@pytest.mark.parametrize(
    "config",
    [
        {"stream_maps": {"leads": {"name": "firstName", "__else__": None, "id": "id"}}},
        {"flattening_enabled": True, "flattening_max_depth": 2},
    ],
)
def test_maps_and_flattening_go_through_the_sdk(
    tap: Tap,
    capfdbinary: Bytes,
    config: dict[str, Any],
) -> None:
    ordinary = tap.run(config=config)
    to_stdout(tap, config=config)
    assert written(capfdbinary.readouterr().out) == timeless(ordinary.messages)
    assert timeless(ordinary.messages) != timeless(tap.run().messages)


def test_state_brings_the_records_before_it(capfdbinary: Bytes) -> None:
    writer = MessageWriter()
    writer.record_block_writer("leads")([{"id": 1}])
    assert capfdbinary.readouterr().out == b""
    writer.write_message(StateMessage(value={"bookmarks": {}}))
    kinds = [json.loads(line)["type"] for line in capfdbinary.readouterr().out.splitlines()]
    assert kinds == ["RECORD", "STATE"]


@pytest.mark.parametrize("way", ["past the SDK", "through the SDK"])
def test_records_leave_in_blocks(capfdbinary: Bytes, way: str) -> None:
    writer = MessageWriter()
    note: Message = {"note": "x" * (BLOCK_BYTES // 2)}
    write = writer.record_block_writer("leads")
    for _ in range(3):
        if way == "past the SDK":
            write([note])
        else:
            writer.write_message(RecordMessage(stream="leads", record=dict(note)))
    assert len(capfdbinary.readouterr().out.splitlines()) == 2


def test_a_block_of_records_is_written_as_the_sdk_writes_its_records(capfdbinary: Bytes) -> None:
    records: list[Message] = [
        {"id": 1, "note": "two\nlines", "number": Decimal("0.12345678901234567890")},
        {"id": 2, "note": "\u2028", "number": None},
    ]
    writer = MessageWriter()
    writer.record_block_writer('le"ads')(records)
    for record in records:
        writer.write_message(RecordMessage(stream='le"ads', record=dict(record)))
    writer.flush()
    messages = written(capfdbinary.readouterr().out)
    assert messages[:2] == messages[2:]
    assert messages[0]["record"]["note"] == "two\nlines"


def test_an_empty_block_writes_nothing(capfdbinary: Bytes) -> None:
    writer = MessageWriter()
    writer.record_block_writer("leads")([])
    writer.flush()
    assert capfdbinary.readouterr().out == b""


def test_blocks_of_records_leave_when_enough_is_waiting(capfdbinary: Bytes) -> None:
    write = MessageWriter().record_block_writer("leads")
    write([{"note": "x" * (BLOCK_BYTES // 2)}])
    assert capfdbinary.readouterr().out == b""
    write([{"note": "x" * (BLOCK_BYTES // 2)}, {"note": ""}])
    assert len(capfdbinary.readouterr().out.splitlines()) == 3


def test_stdout_may_be_any_text_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(taken))
    MessageWriter().write_message(StateMessage(value={}))
    assert taken.getvalue() == b'{"type":"STATE","value":{}}\n'


class NonBlocking(io.FileIO):
    """The writing end of a pipe in non-blocking mode.

    Attributes:
        is_full: Set when the pipe was full for the first time.
        refusals: How often a write was refused.
    """

    def __init__(self, descriptor: int) -> None:
        """Take the file descriptor."""
        os.set_blocking(descriptor, False)
        super().__init__(descriptor, "wb")
        self.is_full = threading.Event()
        self.refusals = 0

    def write(self, block: Any) -> int:  # noqa: ANN401 - a buffer
        """Count a refused write."""
        written: int | None = super().write(block)
        if written is None:
            self.refusals += 1
            self.is_full.set()
        return written  # type: ignore[return-value] # io's types leave out the None


def test_a_pipe_in_non_blocking_mode_is_waited_for_and_not_tried_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, writing = os.pipe()
    out = NonBlocking(writing)
    blocks: list[bytes] = []

    def read() -> None:
        out.is_full.wait()
        while block := os.read(reading, 4096):
            blocks.append(block)

    reader = threading.Thread(target=read)
    reader.start()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(out)))
        writer = MessageWriter()
        writer.record_block_writer("leads")([{"note": "x" * 1_000_000}])
        writer.write_message(StateMessage(value={}))
        sys.stdout.close()
    reader.join()
    os.close(reading)
    record, state = b"".join(blocks).splitlines()
    assert len(json.loads(record)["record"]["note"]) == 1_000_000
    assert json.loads(state)["type"] == "STATE"
    # At most once before each time that the reader made room.
    assert out.refusals <= len(blocks) + 1


class Slow(io.RawIOBase):
    """A reader that takes one byte, then the rest; a signal strikes each of the first times."""

    def __init__(self, writer: MessageWriter, signals: int) -> None:
        """Ask the writer to end so many times while it writes."""
        super().__init__()
        self._writer = writer
        self._signals = signals
        self.taken = bytearray()

    def writable(self) -> bool:
        """Say so."""
        return True

    def write(self, block: Any) -> int:  # noqa: ANN401 - a buffer
        """Take a byte first."""
        if self._signals:
            self._signals -= 1
            self._writer.end_process(143)
        took = bytes(block) if self.taken else bytes(block[:1])
        self.taken += took
        return len(took)


@pytest.mark.parametrize(("signals", "whole"), [(1, True), (2, False)])
def test_it_ends_after_the_line_under_way_or_at_once_when_asked_twice(
    monkeypatch: pytest.MonkeyPatch, *, signals: int, whole: bool
) -> None:
    writer = MessageWriter()
    out = Slow(writer, signals)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(out)))
    with pytest.raises(SystemExit) as ended:
        writer.write_message(StateMessage(value={}))
    assert ended.value.code == 143
    assert out.taken.endswith(b"\n") == whole
