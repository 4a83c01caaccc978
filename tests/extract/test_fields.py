"""Values keep their meaning, or are refused."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_marketo_bulk.extract import fields
from tap_marketo_bulk.extract.fields import (
    ATTRIBUTES,
    BOOLEAN,
    DATE,
    DATE_TIME,
    INTEGER,
    NUMBER,
    TEXT,
    FieldType,
    Parser,
    parse_attributes,
    parse_boolean,
    parse_date,
    parse_date_time,
    parse_integer,
    parse_number,
    type_for_schema,
    type_of,
)

# As the SDK's two writers are set up.
ENCODE = msgspec.json.Encoder(decimal_format="number").encode


def written(value: object) -> tuple[Any, Any]:
    """Return what a target reads, from either of the SDK's writers."""
    simple = simplejson.dumps(value, use_decimal=True, ignore_nan=True)
    return tuple(json.loads(text, parse_float=Decimal) for text in (simple, ENCODE(value)))


def refuses(parse: Parser, text: str) -> bool:
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
    ],
    ids=lambda text: text[:10],
)
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    assert refuses(parse_integer, text)


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
def test_what_is_no_number_is_refused(text: str) -> None:
    assert refuses(parse_number, text)


@given(st.integers())
def test_integers_come_back(number: int) -> None:
    if abs(number) < 10**fields.LARGEST_EXPONENT:
        assert parse_integer(str(number)) == number
        assert written(parse_integer(str(number))) == (number, number)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_decimals_come_back_with_every_digit(number: Decimal) -> None:
    text = str(number)
    if number.adjusted() < -fields.LARGEST_EXPONENT:
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
def test_what_is_no_boolean_is_refused(text: str) -> None:
    assert refuses(parse_boolean, text)


@given(st.dates())
def test_dates_come_back(day: date) -> None:
    assert parse_date(day.isoformat()) == day.isoformat()


@pytest.mark.parametrize(
    "text",
    ["", "2023-02-29", "20230119", "2023-W03-4", "2023-1-19", "19.01.2023", "2023-01-19T00:00:00Z"],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    assert refuses(parse_date, text)


@given(st.datetimes(timezones=st.just(UTC)).map(lambda instant: instant.replace(microsecond=0)))
def test_instants_in_utc_come_back(instant: datetime) -> None:
    text = instant.replace(tzinfo=None).isoformat() + "Z"
    assert parse_date_time(text) == text


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=OFFSETS)  # noqa: DTZ001 - hypothesis adds the zone
)
def test_instants_of_any_zone_are_the_same_instant(instant: datetime) -> None:
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
def test_every_spelling_of_an_instant_is_read(text: str, instant: str) -> None:
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
def test_what_is_no_instant_is_refused(text: str) -> None:
    assert refuses(parse_date_time, text)


# Attributes.


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            '{"Program Member ID":3240303,"Acquired By":true}',
            {"Program Member ID": 3240303, "Acquired By": True},
        ),
        ("{}", {}),
        ("[]", {}),
        ('[{"name":"Score","value":5},{"name":"Reason"}]', {"Score": 5, "Reason": None}),
        ('{"a":1,"a":2}', {"a": 2}),
        ('{"a":123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        ('{"a":0.12345678901234567890}', {"a": Decimal("0.12345678901234567890")}),
        ('{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        ('{"a":"x\\u0000y"}', {"a": "xy"}),
        ('{"\\u0000a":["\\u0000"]}', {"a": [""]}),
        ('{"a":"\\ud800"}', {"a": "\ufffd"}),
        ('{"a":"two\nlines"}', {"a": "two\nlines"}),
    ],
)
def test_attributes_are_read(text: str, value: dict[str, object]) -> None:
    assert parse_attributes(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nope",
        "7",
        "null",
        '"text"',
        "[1]",
        '[{"value":1}]',
        '[["name", 1]]',
        '{"a":NaN}',
        '{"a":-Infinity}',
        '{"a":1e400}',
        '{"a":1,}',
        '{"a":' * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' + "9" * 5000 + "}",
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_attributes_is_refused(text: str) -> None:
    assert refuses(parse_attributes, text)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
    | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def texts(value: object) -> list[str]:
    """Return every text of a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.items() for part in item for text in texts(part)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


@settings(max_examples=50)
@given(st.dictionaries(st.text(st.characters(exclude_categories=[])), JSON, max_size=3))
def test_no_attribute_holds_what_no_database_takes(attributes: dict[str, object]) -> None:
    for text in texts(parse_attributes(json.dumps(attributes))):
        assert "\0" not in text
        text.encode()


STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.dictionaries(STORABLE, STORABLE | st.integers() | st.booleans() | st.none()))
def test_storable_attributes_come_back(attributes: dict[str, object]) -> None:
    for spelling in (True, False):
        text = json.dumps(attributes, ensure_ascii=spelling)
        assert parse_attributes(text) == attributes


# All of them.

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (float, Decimal),
    "boolean": (bool,),
    "object": (dict,),
}
ALL_TYPES = [TEXT, INTEGER, NUMBER, BOOLEAN, DATE, DATE_TIME, ATTRIBUTES]
NAMES = ["text", "integer", "number", "boolean", "date", "date-time", "attributes"]
LIKELY = st.from_regex(r"[-+]?[0-9.]{0,20}([eE][-+]?[0-9]{1,6})?", fullmatch=True) | st.from_regex(
    r"[0-9W-]{10}([T ][0-9:.]{8}[Z+0-9:-]{0,6})?"
)


@pytest.mark.parametrize("kind", ALL_TYPES, ids=NAMES)
@given(text=st.text() | LIKELY | JSON.map(json.dumps))
def test_arbitrary_text_gives_a_value_of_the_declared_type_or_is_refused(
    kind: FieldType, text: str
) -> None:
    declared = kind.schema["type"]
    assert isinstance(declared, list)
    try:
        value = kind.parse(text)
    except ValueError:
        return
    assert type(value) in PYTHON_TYPES[declared[0]]
    assert not isinstance(value, float) or math.isfinite(value)
    written(value)


@pytest.mark.parametrize(
    ("data_type", "kind"),
    [
        *((name, TEXT) for name in ("string", "email", "phone", "url", "text", "textarea")),
        *((name, TEXT) for name in ("reference", "lead_function", "array", "link", "novel", "")),
        *((name, INTEGER) for name in ("integer", "Integer", "score")),
        *((name, NUMBER) for name in ("float", "currency", "percent", "Percent")),
        ("boolean", BOOLEAN),
        ("date", DATE),
        ("datetime", DATE_TIME),
        ("DateTime", DATE_TIME),
    ],
)
def test_every_data_type_of_marketo_has_a_field_type(data_type: str, kind: FieldType) -> None:
    assert type_of(data_type) is kind
    assert type_for_schema(kind.schema) is kind


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({}, TEXT),
        ({"type": "string"}, TEXT),
        ({"type": "integer"}, INTEGER),
        ({"type": ["null", "integer"]}, INTEGER),
        ({"type": ["integer", "number", "null"]}, NUMBER),
        ({"type": ["number"], "format": "singer.decimal"}, NUMBER),
        ({"type": ["integer", "string"]}, TEXT),
        ({"type": ["string", "null"], "format": "uri"}, TEXT),
        ({"type": ["null", "string"], "format": "date-time", "title": "Seen"}, DATE_TIME),
        ({"type": ["object", "null"]}, ATTRIBUTES),
        ({"type": ["array", "null"]}, TEXT),
        ({"type": "null"}, TEXT),
        ({"anyOf": [{"type": "integer"}]}, TEXT),
    ],
)
def test_the_catalog_s_word_on_a_type_counts(schema: dict[str, object], kind: FieldType) -> None:
    assert type_for_schema(schema) is kind
