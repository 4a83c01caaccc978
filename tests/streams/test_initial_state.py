"""States of other programs, and of this one in a wrapping, before a run begins."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import OtherTapStateError, StateError
from tap_marketo_bulk.streams.registry import is_reference_stream_name, is_stream_name
from tap_marketo_bulk.streams.state_store import parse_bookmarks, unwrap_state
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.runs import TapRunner

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock

DAY = "2026-01-20T00:00:00Z"
BOOKMARK = {"replication_key": "updatedAt", "replication_key_value": DAY}
STATE = {"bookmarks": {"leads": BOOKMARK}}
# As singer-io's tap-marketo writes it.
FOREIGN: dict[str, Any] = {
    "bookmarks": {
        "leads": {"updatedAt": DAY},
        "activities_send_email": {"activityDate": DAY},
        "programs": {"updatedAt": DAY},
    },
    "current_stream": "leads",
}


def message_of(bookmarks: dict[str, Any]) -> str:
    """Return the message of the error that the state with these bookmarks causes."""
    with pytest.raises(StateError) as caught:
        parse_bookmarks({"bookmarks": bookmarks}, is_stream_name, is_reference_stream_name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("wrapped", "words"),
    [
        ({"type": "STATE", "value": STATE}, ["STATE message"]),
        ({"singer_state": STATE}, ["Meltano"]),
        ({"singer_state": {"type": "STATE", "value": STATE}}, ["Meltano", "STATE message"]),
        (STATE, []),
    ],
)
def test_a_wrapped_state_is_unwrapped_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture, wrapped: dict[str, Any], words: list[str]
) -> None:
    caplog.set_level(logging.INFO)
    assert unwrap_state(wrapped) == STATE
    assert len(caplog.messages) == len(words)
    assert all(word in text for word, text in zip(words, caplog.messages, strict=True))


@pytest.mark.parametrize("content", [[], 5, "x", None, {"singer_state": None}])
def test_a_state_that_is_no_object_is_an_error(content: object) -> None:
    with pytest.raises(StateError, match="it is not a JSON object"):
        unwrap_state(content)


def test_the_state_of_another_tap_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(OtherTapStateError) as caught:
        parse_bookmarks(FOREIGN, is_stream_name, is_reference_stream_name)
    message = str(caught.value)
    assert "another tap wrote the bookmarks of activities_send_email, leads, which have " in message
    assert "activityDate, updatedAt. Nothing was read. Set start_date to where" in message
    assert '"replication_key_value"' in message


def test_partitions_alone_are_of_another_tap() -> None:
    partitions = [{"context": {"list": 1}, **BOOKMARK}]
    assert "which have partitions" in message_of({"leads": {"partitions": partitions}})


def test_a_state_without_bookmarks_is_an_error() -> None:
    with pytest.raises(StateError, match="it has no bookmarks, but leads, version"):
        parse_bookmarks({"version": 1, "leads": BOOKMARK}, is_stream_name, is_reference_stream_name)


@pytest.mark.parametrize("version", [99, "2"])
def test_a_state_of_a_later_version_of_the_tap_is_refused(version: object) -> None:
    state = {"version": version, "bookmarks": STATE["bookmarks"]}
    with pytest.raises(StateError, match="a later version of this tap wrote it"):
        parse_bookmarks(state, is_stream_name, is_reference_stream_name)


def test_control_characters_of_a_state_stay_out_of_the_message() -> None:
    message = message_of({"activities_\x1b[2J\u2028x": {"\x9b\u202ekey\n": 1}})
    assert message.isprintable()


@pytest.mark.parametrize(
    "bookmark",
    [
        {},
        {"progress_markers": {}, "starting_replication_value": DAY},
        {"replication_key_signpost": DAY},
        {"partitions": []},
        {"note": "of a user", **BOOKMARK},
        {"sweep_began": DAY},
    ],
)
def test_bookmarks_of_this_tap_and_of_the_sdk_are_accepted(
    caplog: pytest.LogCaptureFixture, bookmark: dict[str, Any]
) -> None:
    parse_bookmarks({"bookmarks": {"leads": bookmark}}, is_stream_name, is_reference_stream_name)
    parse_bookmarks({}, is_stream_name, is_reference_stream_name)
    assert caplog.messages == []


def test_one_warning_names_the_streams_that_this_tap_does_not_have(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ignored = {name: {"updatedAt": DAY} for name in ("programs", "\x1blists", "activities")}
    parse_bookmarks(
        {"bookmarks": STATE["bookmarks"] | ignored}, lambda name: name == "leads", lambda _: False
    )
    (message,) = caplog.messages
    assert "does not have: activities, lists, programs. They are ignored." in message


@pytest.mark.parametrize("options", [UNCHANGING])
def test_a_run_continues_from_a_wrapped_state(sandbox: Sandbox, clock: TapClock) -> None:
    tap = TapRunner(sandbox, clock, WHOLE_HISTORY | {"activity_lookback_minutes": 0})
    first = tap.run()
    jobs = len(sandbox.jobs)
    second = tap.run(state={"type": "STATE", "value": first.state})
    assert len(sandbox.jobs) == jobs
    assert second.state == first.state


@pytest.mark.parametrize("options", [UNCHANGING])
def test_a_run_ignores_partitions_beside_its_own_keys(sandbox: Sandbox, clock: TapClock) -> None:
    partitions = [{"context": {"list": number}} for number in (1, 2)]
    state = {"bookmarks": {"leads": {**BOOKMARK, "partitions": partitions}}}
    run = TapRunner(sandbox, clock, WHOLE_HISTORY).run(state=state)
    assert run.error is None
    assert len(run.records("leads")) == len(run.table("leads"))


@pytest.mark.parametrize("options", [UNCHANGING])
def test_a_run_with_the_state_of_another_tap_exports_nothing(
    sandbox: Sandbox, clock: TapClock
) -> None:
    run = TapRunner(sandbox, clock, WHOLE_HISTORY).run_with_discovery(state=FOREIGN)
    assert isinstance(run.error, OtherTapStateError)
    assert sandbox.jobs == []


def test_bookmarks_of_reference_streams_that_another_tap_wrote_are_ignored_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    state = {"leads": BOOKMARK, "programs": {"updatedAt": DAY}, "usage": {"date": "2026-01-20"}}
    parse_bookmarks({"bookmarks": state}, is_stream_name, is_reference_stream_name)
    (message,) = caplog.messages
    assert "Another tap wrote the bookmarks of programs, usage. They are ignored" in message
