"""Records of typed streams, made of rows that no sandbox would export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.extract.fields import parse_attributes
from tap_marketo_bulk.streams.activities import COLUMNS
from tap_marketo_bulk.streams.typed_activities import TypedActivitiesStream
from tests.support.runs import Target, selecting

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.runs import Record, Tap

BARE: Record = dict.fromkeys(COLUMNS) | {
    "marketoGUID": "17",
    "leadId": 5,
    "activityDate": "2026-02-01T00:00:00Z",
}


@pytest.fixture
def record_of(tap: Tap) -> Callable[..., Record]:
    """Return the record that a stream makes of a row."""

    def record_of(stream_name: str, **cells: Any) -> Record:  # noqa: ANN401 - any value
        target = Target()
        catalog = selecting(tap.discover(), stream_name)
        stream = tap.make(catalog=catalog, target=target).streams[stream_name]
        assert isinstance(stream, TypedActivitiesStream)
        stream.taker(lambda name: COLUMNS[name])(BARE | cells)
        record: Record = target.messages[-1]["record"]
        return record

    return record_of


@pytest.mark.parametrize(
    ("number", "name", "expected"),
    [
        (12, "Home", 12),
        (12, None, 12),
        (None, "4711", 4711),
        (None, "Home", None),
        (None, None, None),
    ],
)
def test_a_primary_attribute_is_an_id_where_its_type_says_so(
    record_of: Callable[..., Record], number: int | None, name: str | None, expected: int | None
) -> None:
    record = record_of(
        "activities_visit_webpage", primaryAttributeValueId=number, primaryAttributeValue=name
    )
    assert record["webpage_id"] == expected
    assert record["primaryAttributeValue"] == name


def test_a_primary_attribute_is_a_name_where_its_type_says_so(
    record_of: Callable[..., Record],
) -> None:
    record = record_of(
        "activities_product_demo", primaryAttributeValueId=12, primaryAttributeValue="Anvil"
    )
    assert record["product"] == "Anvil"


def test_the_array_form_of_rest_is_read_too(record_of: Callable[..., Record]) -> None:
    written = '[{"name":"Demo Date","value":"2026-02-03"},{"name":"New Idea","value":[1]}]'
    record = record_of("activities_product_demo", attributes=parse_attributes(written))
    assert record["demo_date"] == "2026-02-03"
    assert record["other_attributes"] == {"New Idea": [1]}


@pytest.mark.parametrize("attributes", [None, {}, "", "{}"])
def test_an_activity_can_be_without_attributes(
    record_of: Callable[..., Record], attributes: object
) -> None:
    record = record_of("activities_product_demo", attributes=attributes)
    assert record == {
        **{name: BARE[name] for name in COLUMNS if name != "attributes"},
        **dict.fromkeys(("product", "demo_date", "demo_date_2", "list_price", "other_attributes")),
    }


def test_a_type_without_attributes_keeps_what_comes_all_the_same(
    record_of: Callable[..., Record],
) -> None:
    record = record_of("activities_visit_preference_center", attributes={"Surprise": True})
    assert record["other_attributes"] == {"Surprise": True}


def test_long_numbers_keep_their_digits(record_of: Callable[..., Record]) -> None:
    attributes = parse_attributes('{"List Price": 0.12345678901234567891}')
    record = record_of("activities_product_demo", attributes=attributes)
    assert str(record["list_price"]).startswith("0.1234567890123456")


def test_typed_streams_make_no_orders_of_their_own(tap: Tap) -> None:
    made = tap.make()
    typed = made.streams["activities_product_demo"]
    assert isinstance(typed, TypedActivitiesStream)
    assert list(typed.orders()) == []
    assert typed not in made.bulk_streams()
