"""The files of --catalog and --state: JSON that can be written again."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import CatalogError, StateError
from tap_marketo_bulk.input_files import catalog_file_text, state_file_text

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("read", [catalog_file_text, state_file_text])
def test_a_byte_order_mark_is_left_out(read: Callable[[IO[str]], str]) -> None:
    assert read(io.StringIO('\ufeff{"a": "é"}')) == '{"a": "é"}'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ('{"a": NaN}', "not JSON"),
        ('{"a": -Infinity}', "not JSON"),
        ('{"a": 1e999}', "not JSON"),
        ('{"a": "\\ud800"}', "not valid Unicode text"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_text_that_cannot_be_written_again_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(CatalogError, match=problem):
        catalog_file_text(io.StringIO(text))
    with pytest.raises(StateError, match=problem):
        state_file_text(io.StringIO(text))
