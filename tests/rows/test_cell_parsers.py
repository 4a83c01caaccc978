"""The text of a cell is parsed to a value of its type, or rejected."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.rows.values import (
    LARGEST_EXPONENT,
    parse_boolean,
    parse_date,
    parse_date_time,
    parse_integer,
    parse_number,
)
from tests.support.written_values import written

if TYPE_CHECKING:
    from collections.abc import Callable


def is_rejected(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return True
    return False


# Numbers.


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("12.0", 12),
        ("-5", -5),
        ("+5", 5),
        ("-5.00", -5),
        ("007", 7),
        ("1e3", 1000),
        ("9223372036854775808", 2**63),
        ("9" * 301, 10**301 - 1),
        ('"102938"', 102938),
        ('"-5"', -5),
    ],
)
def test_whole_numbers_are_read(text: str, value: int) -> None:
    assert parse_integer(text) == value
    assert type(parse_integer(text)) is int


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "12.5", "1_000", " 12", "12 ", "0x10", "1e-1", "1e400", "nan", "inf", "true"),
        *("--5", "9" * 5000, "²", "१२", "1,5", "."),
        *('"', '""', '"5', '5"', '""5""', '"5.0"', '"5" ', '"²"', '"' + "9" * 400 + '"'),
    ],
    ids=lambda text: text[:10],
)
def test_text_that_is_not_a_whole_number_is_rejected(text: str) -> None:
    assert is_rejected(parse_integer, text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.5", "12.5"),
        ("-12.50", "-12.5"),
        ("12", "12"),
        ("12.", "12"),
        (".5", "0.5"),
        ("+1.5", "1.5"),
        ("1e5", "100000"),
        ("1.5E-7", "0.00000015"),
        ("0.12345678901234567890", "0.1234567890123456789"),
        ("12345678901234567890.12", "12345678901234567890.12"),
        ("1e-299", "1e-299"),
        ("-0", "0"),
    ],
)
def test_numbers_keep_their_digits(text: str, value: str) -> None:
    for read in written(parse_number(text)):
        assert Decimal(read) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "-", "--1", "1.2.3", "1e", "nan", "NaN", "inf", "-Infinity", "1_0", " 1", "1,5"),
        *("1e309", "1e-309", "1e9999", "1e99999999999", "९", "0" * 400 + "x"),
    ],
    ids=lambda text: text[:10],
)
def test_text_that_is_not_a_number_is_rejected(text: str) -> None:
    assert is_rejected(parse_number, text)


@given(st.integers())
def test_integers_are_read_as_written(number: int) -> None:
    if abs(number) < 10**LARGEST_EXPONENT:
        assert parse_integer(str(number)) == number
        assert written(parse_integer(str(number))) == (number, number)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_decimals_keep_every_digit(number: Decimal) -> None:
    text = str(number)
    if number.adjusted() < -LARGEST_EXPONENT:
        return
    assert {Decimal(read) for read in written(parse_number(text))} == {number}


# Booleans, dates and instants.


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "1"])
def test_true_is_read(text: str) -> None:
    assert parse_boolean(text) is True


@pytest.mark.parametrize("text", ["false", "False", "FALSE", "0"])
def test_false_is_read(text: str) -> None:
    assert parse_boolean(text) is False


@pytest.mark.parametrize("text", ["", "yes", "no", "2", "t", "null", " true"])
def test_text_that_is_not_a_boolean_is_rejected(text: str) -> None:
    assert is_rejected(parse_boolean, text)


@given(st.dates())
def test_dates_are_read_as_written(day: date) -> None:
    assert parse_date(day.isoformat()) == day.isoformat()


@pytest.mark.parametrize(
    "text",
    ["", "2023-02-29", "20230119", "2023-W03-4", "2023-1-19", "19.01.2023", "2023-01-19T00:00:00Z"],
)
def test_text_that_is_not_a_date_is_rejected(text: str) -> None:
    assert is_rejected(parse_date, text)


@given(st.datetimes(timezones=st.just(UTC)).map(lambda instant: instant.replace(microsecond=0)))
def test_instants_in_utc_are_read_as_written(instant: datetime) -> None:
    text = instant.replace(tzinfo=None).isoformat() + "Z"
    assert parse_date_time(text) == text


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=OFFSETS)  # noqa: DTZ001 - hypothesis adds the zone
)
def test_instants_of_any_zone_become_the_same_instant_in_utc(instant: datetime) -> None:
    text = parse_date_time(instant.isoformat())
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2022-02-13T14:06:20Z", "2022-02-13T14:06:20Z"),
        ("2022-02-13T14:06:20+0000", "2022-02-13T14:06:20Z"),
        ("2022-02-13T14:06:20Z+0000", "2022-02-13T14:06:20Z"),
        ("2022-02-13 14:06:20-05:30", "2022-02-13T19:36:20Z"),
        ("2022-02-13T14:06:20.5Z", "2022-02-13T14:06:20.500000Z"),
        ("2022-02-13T14:06:20.123456789Z", "2022-02-13T14:06:20.123456Z"),
    ],
)
def test_every_notation_of_an_instant_is_read(text: str, instant: str) -> None:
    assert parse_date_time(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2022-02-13",
        "2022-02-13T14:06:20",
        "2022-02-13T14:06Z",
        "2022-02-30T14:06:20Z",
        "2022-13-01T14:06:20Z",
        "0000-01-01T00:00:00Z",
        "2022-02-13T24:00:00Z",
        "2022-02-13T14:06:60Z",
        "2022-02-13T14:06:20+99:00",
        "2022-W03-4T14:06:20Z",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "२०२२-02-13T14:06:20Z",
        "2022-02-13T14:06:20Z\n",
    ],
)
def test_text_that_is_not_an_instant_is_rejected(text: str) -> None:
    assert is_rejected(parse_date_time, text)
