"""Settings as text, as environment variables have them: empty text, lists, numbers and JSON."""

from __future__ import annotations

import pytest

from tap_marketo_bulk.settings.config import normalize_config
from tap_marketo_bulk.settings.settings import build_schema
from tap_marketo_bulk.tap import TapMarketoBulk
from tests.support.settings import REQUIRED, SCHEMA, problems, settings


@pytest.mark.parametrize("name", sorted(set(SCHEMA["properties"]) - set(SCHEMA["required"])))
def test_empty_text_means_not_set(name: str) -> None:
    assert settings(**{name: ""}) == settings()


@pytest.mark.parametrize("name", SCHEMA["required"])
def test_empty_text_for_a_required_setting_is_a_problem(name: str) -> None:
    assert problems(**{name: ""}) == (f"{name} is missing",)


@pytest.mark.parametrize("text", ["[]", " [ ] ", ",", " , "])
def test_a_list_without_items_means_not_set(text: str) -> None:
    assert settings(extra_lead_fields=text, activity_type_ids=text) == settings()


@pytest.mark.parametrize("text", ["[2, 6]", "2,6", " 6 , 2 ", '["2", 6.0]', "2,6,"])
def test_a_list_of_numbers_can_be_text(text: str) -> None:
    assert settings(activity_type_ids=text).activity_filter.type_ids == (2, 6)


@pytest.mark.parametrize("text", ['["ecids", "other"]', "ecids,other", "ecids, other"])
def test_a_list_of_names_can_be_text(text: str) -> None:
    assert settings(extra_lead_fields=text).extra_lead_fields == ("ecids", "other")


def test_whole_numbers_can_be_text_with_a_fraction_of_zero() -> None:
    assert settings(static_list_id="7.0").lead_list == {"staticListId": 7}


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("static_list_id", "abc", "static_list_id: 'abc' is not of type integer"),
        ("max_jobs_in_flight", "4.5", "max_jobs_in_flight: 4.5 is not of type integer"),
        ("activity_type_ids", "2,six", "activity_type_ids: 'six' is not of type integer"),
        ("activity_type_ids", "[2", "activity_type_ids: '[2' is not of type array"),
        ("extra_lead_fields", '["a"', "extra_lead_fields: '[\"a\"' is not of type array"),
        ("window_days", "many", "window_days: 'many' is not of type number"),
    ],
)
def test_text_that_is_not_a_value_of_the_type_is_a_problem_that_names_the_setting(
    name: str, text: str, problem: str
) -> None:
    assert problems(**{name: text}) == (problem,)


SDK_SCHEMA = build_schema()
TapMarketoBulk.append_builtin_config(SDK_SCHEMA)


@pytest.mark.parametrize("name", sorted(set(SDK_SCHEMA["properties"]) - set(SCHEMA["properties"])))
def test_empty_text_for_a_setting_of_the_sdk_means_not_set(name: str) -> None:
    assert name not in normalize_config(REQUIRED | {name: ""}, SDK_SCHEMA)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("flattening_enabled", "True", True),
        ("flattening_enabled", "off", False),
        ("flattening_enabled", "maybe", "maybe"),
        ("flattening_max_depth", "2", 2),
        ("stream_maps", '{"leads": "__NULL__"}', {"leads": "__NULL__"}),
        ("stream_maps", "{", "{"),
        ("stream_maps", {"leads": None}, {"leads": None}),
    ],
)
def test_settings_of_the_sdk_can_be_text(name: str, text: object, value: object) -> None:
    assert normalize_config(REQUIRED | {name: text}, SDK_SCHEMA)[name] == value
