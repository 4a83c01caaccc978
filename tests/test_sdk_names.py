"""The names of singer_sdk that are not public still exist: a new release can rename any of them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest
import singer_sdk.streams.core
import singer_sdk.tap_base
from singer_sdk import Stream, Tap

from tap_marketo_bulk import sdk
from tests.support.runs import TapRunner

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock


@pytest.mark.parametrize("name", sdk.STREAM_NAMES)
def test_a_stream_of_the_sdk_has_the_method(name: str) -> None:
    assert callable(getattr(Stream, name))


@pytest.mark.parametrize("name", sdk.TAP_NAMES)
def test_a_tap_of_the_sdk_has_the_method_or_property(name: str) -> None:
    assert any(name in vars(each) for each in Tap.__mro__)


def test_streams_and_taps_of_the_sdk_have_the_attributes(sandbox: Sandbox, clock: TapClock) -> None:
    tap = TapRunner(sandbox, clock).make_tap()
    assert set(sdk.TAP_ATTRIBUTES) <= set(vars(tap))
    assert set(sdk.STREAM_ATTRIBUTES) <= set(vars(tap.streams["leads"]))


def test_the_sdk_logs_the_messages_that_are_filtered() -> None:
    assert sdk.STREAM_ERROR_MESSAGE in inspect.getsource(singer_sdk.streams.core)
    assert sdk.CHILD_STREAM_MESSAGE in inspect.getsource(singer_sdk.tap_base)
    assert sdk.DESELECTED_STREAM_MESSAGE in inspect.getsource(singer_sdk.tap_base)
