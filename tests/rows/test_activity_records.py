"""Activities of one type, read from text rows into typed columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import InvalidValueError
from tap_marketo_bulk.marketo.describe import ActivityAttribute, ActivityType
from tap_marketo_bulk.rows.activities import (
    OTHER_ATTRIBUTES,
    ActivityConverter,
    ActivityTypeColumns,
    attribute_columns,
)
from tap_marketo_bulk.rows.csv_file import Block
from tap_marketo_bulk.rows.field_types import ATTRIBUTES, DATE_TIME, INTEGER, TEXT
from tap_marketo_bulk.rows.records import RecordFields
from tap_marketo_bulk.rows.values import InvalidValueHandler, InvalidValuePolicy

if TYPE_CHECKING:
    from tap_marketo_bulk.rows.field_types import FieldType
    from tap_marketo_bulk.rows.records import Record

NULL, FAIL = InvalidValuePolicy
COMMON = {
    "marketoGUID": TEXT,
    "leadId": INTEGER,
    "activityDate": DATE_TIME,
    "activityTypeId": INTEGER,
    "campaignId": INTEGER,
    "primaryAttributeValueId": INTEGER,
    "primaryAttributeValue": TEXT,
    "actionResult": TEXT,
}
FILE_FIELDS = (*list(COMMON)[:-1], "attributes", "actionResult")
CELLS = dict.fromkeys(FILE_FIELDS, "null") | {
    "marketoGUID": "17",
    "leadId": "5",
    "activityDate": "2026-02-01T00:00:00Z",
    "activityTypeId": "46",
}
BARE: Record = dict.fromkeys(COMMON) | {
    "marketoGUID": "17",
    "leadId": 5,
    "activityDate": "2026-02-01T00:00:00Z",
    "activityTypeId": 46,
}
DEMO = ActivityType(
    46,
    "Product Demo",
    ActivityAttribute("Product", "string"),
    (
        ActivityAttribute("Demo Date", "date"),
        ActivityAttribute("Demo-Date", "datetime"),
        ActivityAttribute("List Price", "currency"),
        ActivityAttribute("Campaign Run ID", "integer"),
    ),
)
VISIT = ActivityType(1, "Visit Webpage", ActivityAttribute("Webpage ID", "integer"), ())


@dataclass
class TypedStream:
    """The stream of one activity type, with a catalog that may differ from discovery's."""

    activity_type: ActivityType
    declared: dict[str, FieldType]
    without: tuple[str, ...] = ()
    deselected: tuple[str, ...] = ()
    policy: InvalidValuePolicy = NULL

    def __post_init__(self) -> None:
        """Count the invalid values of all records."""
        self.invalid_values = InvalidValueHandler(self.policy)

    def records(self, *rows: dict[str, str], fields: tuple[str, ...] = FILE_FIELDS) -> list[Record]:
        """Return the records of rows that differ from ``CELLS`` in these cells."""
        cells = [[(CELLS | row)[field] for field in fields] for row in rows]
        return self.converter(fields).convert(Block(cells, 2, cells))

    def converter(self, fields: tuple[str, ...]) -> ActivityConverter:
        """Return the converter of a file with these fields."""
        columns = attribute_columns(self.activity_type, (*COMMON, OTHER_ATTRIBUTES))
        catalog: dict[str, FieldType] = {
            **COMMON,
            **{each.column: each.field_type for each in columns},
            OTHER_ATTRIBUTES: ATTRIBUTES,
            **self.declared,
        }
        catalog = {name: each for name, each in catalog.items() if name not in self.without}
        types = {name: each for name, each in catalog.items() if name not in self.deselected}
        required = frozenset({"marketoGUID", "activityDate"})
        schema = RecordFields("activities_x", types, ("marketoGUID",), required)
        has_primary = self.activity_type.primary_attribute is not None
        activity_columns = ActivityTypeColumns(
            columns[0] if has_primary else None, tuple(columns[has_primary:]), frozenset(catalog)
        )
        return ActivityConverter(fields, schema, activity_columns, self.invalid_values)


def record_of(activity_type: ActivityType, **cells: str) -> dict[str, Any]:
    """Return the record of one row."""
    (record,) = TypedStream(activity_type, {}).records(cells)
    return record


def attributes(**values: object) -> dict[str, str]:
    """Return the cell for attributes, by names with underscores for spaces."""
    return {"attributes": json.dumps({name.replace("_", " "): it for name, it in values.items()})}


@pytest.mark.parametrize(
    ("number", "name", "expected"),
    [
        ("12", "Home", 12),
        ("12", "null", 12),
        ("null", "4711", 4711),
        ("null", "Home", None),
        ("null", "null", None),
        ("", "", None),
    ],
)
def test_a_primary_attribute_is_an_id_if_its_type_says_so(
    number: str, name: str, expected: int | None
) -> None:
    record = record_of(VISIT, primaryAttributeValueId=number, primaryAttributeValue=name)
    assert record["webpage_id"] == expected
    assert record["primaryAttributeValue"] == (None if name == "null" else name)
    assert record["_invalid_values"] is None


def test_a_primary_attribute_is_a_name_if_its_type_says_so() -> None:
    record = record_of(DEMO, primaryAttributeValueId="12", primaryAttributeValue="Anvil")
    assert record["product"] == "Anvil"


def test_attributes_have_typed_columns() -> None:
    record = record_of(
        DEMO,
        **attributes(
            demo_date="2026-02-03", Demo_Date="2026-02-04", List_Price=5, Campaign_Run_ID='"7"'
        ),
    )
    assert record == {
        **BARE,
        "product": None,
        "demo_date": "2026-02-04",
        "demo_date_2": None,
        "list_price": 5.0,
        "campaign_run_id": 7,
        "other_attributes": {"demo date": "2026-02-03"},
        "_invalid_values": None,
    }


def test_the_array_form_of_rest_is_read_too() -> None:
    written = '[{"name":"Demo Date","value":"2026-02-03"},{"name":"New Idea","value":[1]}]'
    record = record_of(DEMO, attributes=written)
    assert record["demo_date"] == "2026-02-03"
    assert record["other_attributes"] == {"New Idea": [1]}


@pytest.mark.parametrize("cell", ["null", "", "{}", "[]"])
def test_an_activity_can_be_without_attributes(cell: str) -> None:
    nulls = ("product", "demo_date", "demo_date_2", "list_price", "campaign_run_id")
    assert record_of(DEMO, attributes=cell) == {
        **BARE,
        **dict.fromkeys((*nulls, "other_attributes", "_invalid_values")),
    }


def test_a_type_without_attributes_keeps_those_that_come() -> None:
    record = record_of(VISIT, **attributes(Surprise=True))
    assert record["other_attributes"] == {"Surprise": True}


def test_long_numbers_keep_their_digits() -> None:
    record = record_of(DEMO, attributes='{"List Price": 0.12345678901234567891}')
    assert str(record["list_price"]) == "0.12345678901234567891"


def test_values_in_doubled_quotes_are_read() -> None:
    record = record_of(DEMO, attributes='{"Campaign Run ID":""102938"","List Price":1}')
    assert (record["campaign_run_id"], record["list_price"]) == (102938, 1.0)
    assert record["_invalid_values"] is None


def test_broken_attributes_are_kept_as_text_and_leave_their_columns_null() -> None:
    typed = TypedStream(DEMO, {})
    broken, valid = typed.records({"attributes": '{"List Price":'}, attributes(List_Price=1))
    assert (broken["list_price"], broken["other_attributes"]) == (None, None)
    assert broken["_invalid_values"] == {"attributes": '{"List Price":'}
    assert (valid["list_price"], valid["_invalid_values"]) == (1.0, None)
    assert typed.invalid_values.counts == {"attributes": 1}


def test_a_value_that_does_not_fit_is_kept_as_json_or_text() -> None:
    typed = TypedStream(DEMO, {})
    cells = {"campaignId": "x", **attributes(Campaign_Run_ID=[1], Demo_Date="soon")}
    (record,) = typed.records(cells)
    kept = {"campaignId": "x", "campaign_run_id": [1], "demo_date": "soon"}
    assert record["_invalid_values"] == kept
    assert [record[name] for name in kept] == [None] * 3
    assert typed.invalid_values.samples["campaign_run_id"] == (
        "activities_x, line 2, marketoGUID 17, field campaign_run_id: [1]"
    )


@pytest.mark.parametrize(
    "cells", [{"attributes": "{"}, {"campaignId": "x"}, attributes(Campaign_Run_ID="x")]
)
def test_a_value_that_does_not_fit_can_be_an_error(cells: dict[str, str]) -> None:
    typed = TypedStream(DEMO, {}, policy=FAIL)
    with pytest.raises(InvalidValueError, match="activities_x, line 3, marketoGUID 18, field"):
        typed.records({}, cells | {"marketoGUID": "18"})


@pytest.mark.parametrize("cells", [{"marketoGUID": "null"}, {"activityDate": "soon"}])
def test_a_key_that_is_null_or_does_not_fit_is_always_an_error(cells: dict[str, str]) -> None:
    with pytest.raises(InvalidValueError, match="activities_x, line 3"):
        TypedStream(DEMO, {}).records({}, cells)


def test_values_have_the_types_that_this_stream_declares() -> None:
    typed = TypedStream(DEMO, {"activityTypeId": TEXT, "campaign_run_id": TEXT, "product": INTEGER})
    (record,) = typed.records(
        {"primaryAttributeValueId": "3", **attributes(Campaign_Run_ID=7)},
    )
    assert [record[name] for name in typed.declared] == ["46", "7", 3]


def test_a_primary_attribute_can_be_deselected() -> None:
    (record,) = TypedStream(VISIT, {}, deselected=("webpage_id",)).records({})
    assert "webpage_id" not in record


def test_deselected_attributes_are_dropped_and_unknown_columns_are_kept_by_key() -> None:
    typed = TypedStream(DEMO, {}, without=("demo_date_2",), deselected=("list_price",))
    cell = {"attributes": '{"List Price":1,"Demo-Date":"2026-02-01T00:00:00Z"}'}
    (record,) = typed.records(cell)
    assert record["other_attributes"] == {"Demo-Date": "2026-02-01T00:00:00Z"}
    assert "list_price" not in record


def test_attributes_are_not_read_if_no_column_needs_them() -> None:
    names = ("demo_date", "demo_date_2", "list_price", "campaign_run_id", "other_attributes")
    (record,) = TypedStream(DEMO, {}, deselected=names, policy=FAIL).records({"attributes": "{"})
    assert record == {**BARE, "product": None, "_invalid_values": None}


def test_columns_that_the_file_lacks_are_null() -> None:
    fields = ("marketoGUID", "activityTypeId")
    (record,) = TypedStream(DEMO, {}).records({}, fields=fields)
    assert record["marketoGUID"] == "17"
    assert {name for name, value in record.items() if value is not None} == set(fields)


def test_a_block_without_rows_has_no_records() -> None:
    assert TypedStream(DEMO, {}).records() == []


JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers())
KEYS = st.sampled_from(["Demo Date", "demo date", "List Price", "Campaign Run ID", "Other", "X"])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "leadId": st.sampled_from(["1", "null", "x", "1.0"]),
            "primaryAttributeValueId": st.sampled_from(["1", "null", "x"]),
            "primaryAttributeValue": st.sampled_from(["7", "null", "Home"]),
            "attributes": st.dictionaries(KEYS, JSON, max_size=4).map(json.dumps)
            | st.sampled_from(["null", "", "{", "[]", '{"a":""1""}']),
        }
    ),
    max_size=5,
)


@pytest.mark.parametrize("activity_type", [DEMO, VISIT], ids=lambda each: each.name)
@given(rows=ROWS)
def test_a_block_has_the_records_that_its_rows_have_one_by_one(
    activity_type: ActivityType, rows: list[dict[str, str]]
) -> None:
    of_block, of_rows = TypedStream(activity_type, {}), TypedStream(activity_type, {})
    assert of_block.records(*rows) == [record for row in rows for record in of_rows.records(row)]
    assert of_block.invalid_values.counts == of_rows.invalid_values.counts
