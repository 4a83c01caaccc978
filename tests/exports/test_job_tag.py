"""The tag in the header of an export file, which identifies the task of its job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.exports.lost_jobs import TAG_BYTES, JobTag, read_tag, tag_of
from tap_marketo_bulk.plan.windows import Window
from tests.support.fake_exports import task

DAY = datetime(2026, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 10**9).map(lambda seconds: DAY + timedelta(seconds=seconds))
TAGS = st.builds(
    JobTag,
    field=st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,254}", fullmatch=True),
    window=st.builds(Window, INSTANTS, INSTANTS),
    as_of=INSTANTS,
    digest=st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
    unknown_fields=st.integers(0, 999),
)


@given(TAGS, st.sampled_from(["", "programId,", "\ufeff", '"']), st.sampled_from(",;\t\n "))
def test_a_tag_is_found_in_the_header_that_has_it(tag: JobTag, before: str, after: str) -> None:
    assert len(str(tag)) < TAG_BYTES
    header = f"{before}{tag}{after}email,city\n1,2,3\n".encode()
    assert read_tag(header) == tag


@given(TAGS)
def test_a_tag_has_only_letters_digits_and_underscores(tag: JobTag) -> None:
    assert str(tag).replace("_", "").isalnum()


def test_a_tag_names_the_window_the_horizon_and_the_request_of_a_task() -> None:
    one = task(0)
    tag = tag_of(one, "Größe (cm)", 2)
    assert str(tag) == (
        f"Gr__e__cm___20260101T000000Z_20260102T000000Z_20260102T000000Z_{one.request.digest}_2"
    )


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"id,email\n",
        b"\xff\xfe",
        b"email\nid__20260101T000000Z_20260201T000000Z_20260201T000000Z_0123456789abcdef_0,x\n",
        b"id__20260101T000000Z_20260201T000000Z_20260201T000000Z_0123456789abcdef",
        b"id__20261301T000000Z_20260201T000000Z_20260201T000000Z_0123456789abcdef_0",
        b"id__20260101T000000Z_20260201T000000Z_20260201T000000Z_0123456789abcdeg_0",
    ],
)
def test_a_header_without_a_complete_tag_gives_none(beginning: bytes) -> None:
    assert read_tag(beginning) is None
