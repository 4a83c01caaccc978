"""Fields that a role hides from Describe Lead, although exports have them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.data_sets import UNCHANGING

if TYPE_CHECKING:
    from tests.support.runs import TapRunner

HIDDEN = ("id", "updatedAt")


@pytest.mark.parametrize("options", [replace(UNCHANGING, left_out_fields=HIDDEN)])
def test_the_columns_of_leads_that_always_exist_are_offered_if_they_are_not_described(
    tap: TapRunner,
) -> None:
    entry = next(each for each in tap.discover()["streams"] if each["stream"] == "leads")
    columns = entry["schema"]["properties"]
    assert [columns[name]["type"] for name in HIDDEN] == [["integer", "null"], ["string", "null"]]
    assert entry["key_properties"] == ["id"]
    assert list(columns)[-1] == "_invalid_values"
