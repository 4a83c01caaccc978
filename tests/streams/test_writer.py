"""The fast path for records writes the same messages as the SDK does."""

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
from tap_marketo_bulk.streams.output import BLOCK_BYTES, MessageWriter
from tests.support.runs import TapRunner, edited, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tap_marketo_bulk.times import Clock

Message = dict[str, Any]
Bytes = pytest.CaptureFixture[bytes]


@pytest.fixture
def options() -> Options:
    """A small subscription whose jobs take no time."""
    return Options(leads=60, activities=300, job_seconds=0, late_seconds=0)


@pytest.fixture
def tap(sandbox: Sandbox, clock: Clock) -> TapRunner:
    """The tap of that subscription."""
    return TapRunner(sandbox, clock, {"poll_seconds": 1})


def written(out: bytes) -> list[Message]:
    """Return the messages on stdout, without what depends on the time of the run."""
    messages = [json.loads(line) for line in out.splitlines()]
    return without_times(messages)


def without_times(messages: list[Message]) -> list[Message]:
    """Return messages without STATE, whose place varies, and without extraction times."""
    return [
        {name: value for name, value in message.items() if name != "time_extracted"}
        for message in messages
        if message["type"] != "STATE"
    ]


def to_stdout(tap: TapRunner, **options: Any) -> None:  # noqa: ANN401 - the tap's own
    """Run the tap with the writer of its command."""
    prepared = tap.make_tap(writer=MessageWriter(), **options)
    prepared.sync_all()
    prepared.sync_run.loop.close()


def test_the_fast_path_writes_the_same_messages_as_the_sdk(
    tap: TapRunner, capfdbinary: Bytes
) -> None:
    by_sdk = tap.run()
    to_stdout(tap)
    assert written(capfdbinary.readouterr().out) == without_times(by_sdk.messages)


def test_the_fast_path_writes_the_same_messages_of_typed_streams_as_the_sdk(
    tap: TapRunner, capfdbinary: Bytes
) -> None:
    catalog = tap.discover()
    typed = [each["stream"] for each in catalog["streams"] if "activities_" in each["stream"]]
    selected = selecting(catalog, "activities", *typed[:4])
    by_sdk = tap.run(catalog=selected)
    to_stdout(tap, catalog=selected)
    assert written(capfdbinary.readouterr().out) == without_times(by_sdk.messages)


def test_the_fast_path_leaves_out_deselected_columns_as_the_sdk_does(
    tap: TapRunner, capfdbinary: Bytes
) -> None:
    def deselect(entry: Message) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"] == ["properties", "email"]:
                item["metadata"]["selected"] = False

    catalog = edited(selecting(tap.discover(), "leads"), "leads", deselect)
    by_sdk = tap.run(catalog=catalog)
    to_stdout(tap, catalog=catalog)
    assert written(capfdbinary.readouterr().out) == without_times(by_sdk.messages)
    assert not any("email" in record for record in by_sdk.records("leads"))


@pytest.mark.parametrize(
    "config",
    [
        {"stream_maps": {"leads": {"name": "firstName", "__else__": None, "id": "id"}}},
        {"flattening_enabled": True, "flattening_max_depth": 2},
    ],
)
def test_stream_maps_and_flattening_are_applied_by_the_sdk(
    tap: TapRunner,
    capfdbinary: Bytes,
    config: dict[str, Any],
) -> None:
    by_sdk = tap.run(config=config)
    to_stdout(tap, config=config)
    assert written(capfdbinary.readouterr().out) == without_times(by_sdk.messages)
    assert without_times(by_sdk.messages) != without_times(tap.run().messages)


def test_records_before_a_state_message_are_written_with_it(capfdbinary: Bytes) -> None:
    writer = MessageWriter()
    writer.record_block_writer("leads")([{"id": 1}])
    assert capfdbinary.readouterr().out == b""
    writer.write_message(StateMessage(value={"bookmarks": {}}))
    types = [json.loads(line)["type"] for line in capfdbinary.readouterr().out.splitlines()]
    assert types == ["RECORD", "STATE"]


@pytest.mark.parametrize("path", ["fast path", "SDK"])
def test_records_are_written_in_blocks(capfdbinary: Bytes, path: str) -> None:
    writer = MessageWriter()
    record: Message = {"note": "x" * (BLOCK_BYTES // 2)}
    write = writer.record_block_writer("leads")
    for _ in range(3):
        if path == "fast path":
            write([record])
        else:
            writer.write_message(RecordMessage(stream="leads", record=dict(record)))
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


def test_small_blocks_of_records_are_collected_to_a_larger_one(capfdbinary: Bytes) -> None:
    write = MessageWriter().record_block_writer("leads")
    write([{"note": "x" * (BLOCK_BYTES // 2)}])
    assert capfdbinary.readouterr().out == b""
    write([{"note": "x" * (BLOCK_BYTES // 2)}, {"note": ""}])
    assert len(capfdbinary.readouterr().out.splitlines()) == 3


def test_stdout_may_be_any_text_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out))
    MessageWriter().write_message(StateMessage(value={}))
    assert out.getvalue() == b'{"type":"STATE","value":{}}\n'


class NonBlockingPipe(io.FileIO):
    """The writing end of a pipe in non-blocking mode.

    Attributes:
        is_full: Set when the pipe was full for the first time.
        rejected_writes: How often a write was not accepted.
    """

    def __init__(self, descriptor: int) -> None:
        """Take the file descriptor."""
        os.set_blocking(descriptor, False)
        super().__init__(descriptor, "wb")
        self.is_full = threading.Event()
        self.rejected_writes = 0

    def write(self, block: Any) -> int:  # noqa: ANN401 - a buffer
        """Count a refused write."""
        written: int | None = super().write(block)
        if written is None:
            self.rejected_writes += 1
            self.is_full.set()
        return written  # type: ignore[return-value] # io's types leave out the None


def test_a_pipe_in_non_blocking_mode_is_waited_for_and_not_tried_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, writing = os.pipe()
    out = NonBlockingPipe(writing)
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
    assert out.rejected_writes <= len(blocks) + 1


class SlowPipe(io.RawIOBase):
    """A pipe that first accepts one byte, then the rest; signals arrive during the first writes."""

    def __init__(self, writer: MessageWriter, signals: int) -> None:
        """Call ``end_between_messages`` during each of the first ``signals`` writes."""
        super().__init__()
        self._writer = writer
        self._signals = signals
        self.accepted = bytearray()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, block: Any) -> int:  # noqa: ANN401 - a buffer
        """Accept one byte in the first call, and the whole block in later ones."""
        if self._signals:
            self._signals -= 1
            self._writer.end_between_messages(SystemExit(143))
        accepted = bytes(block) if self.accepted else bytes(block[:1])
        self.accepted += accepted
        return len(accepted)


@pytest.mark.parametrize(("signals", "whole"), [(1, True), (2, False)])
def test_the_process_ends_after_the_current_line_or_at_once_after_a_second_signal(
    monkeypatch: pytest.MonkeyPatch, *, signals: int, whole: bool
) -> None:
    writer = MessageWriter()
    out = SlowPipe(writer, signals)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(out)))
    with pytest.raises(SystemExit) as caught:
        writer.write_message(StateMessage(value={}))
    assert caught.value.code == 143
    assert out.accepted.endswith(b"\n") == whole
