"""Segmentations, channels, tags, folders, lists and campaigns of the Lead Database, usage."""

from datetime import timedelta
from typing import Any

from tap_marketo_bulk.sandbox import SandboxClock
from tests.support.api_client import SandboxClient
from tests.support.asset_reads import NO_ASSETS, browse, in_utc, read_pages

from .conftest import StartSandbox


def test_segmentations_have_no_pages(start: StartSandbox) -> None:
    sandbox, client = start(many_assets=30)
    found = browse(client, "segmentation", maxReturn=1, offset=5)["result"]
    assert {one["id"]: in_utc(one) for one in found} == sandbox.expected.segmentations()
    assert len(found) == 33


def test_segments_are_read_for_each_segmentation(start: StartSandbox) -> None:
    sandbox, client = start()
    found = [
        segment
        for one in browse(client, "segmentation")["result"]
        for segment in read_pages(client, f"segmentation/{one['id']}/segments")
    ]
    assert {one["id"]: in_utc(one) for one in found} == sandbox.expected.segments()
    assert len({one["id"] for one in found}) == 4 * len(sandbox.expected.segmentations())
    unknown = browse(client, "segmentation/7/segments")
    assert (unknown["warnings"], "result" in unknown) == ([NO_ASSETS], False)


def test_channels_have_progression_statuses(start: StartSandbox) -> None:
    sandbox, client = start()
    found = read_pages(client, "channels", 4)
    assert {one["id"]: in_utc(one) for one in found} == sandbox.expected.channels()
    (webinar,) = [one for one in found if one["name"] == "Webinar"]
    assert webinar["applicableProgramType"] == "webinar"
    assert webinar["progressionStatuses"][0]["name"] == "Not in Program"
    assert webinar["progressionStatuses"][4] == {
        "name": "Attended",
        "step": 40,
        "description": None,
        "hidden": False,
        "success": True,
    }


def test_tags_have_no_id_and_a_text_of_program_types(start: StartSandbox) -> None:
    sandbox, client = start(many_assets=3)
    found = read_pages(client, "tagTypes", 2)
    assert {one["tagType"]: one for one in found} == sandbox.expected.tags()
    assert found[0]["applicableProgramTypes"] == "[program,email_batch,nurture,event,webinar]"
    assert set(found[0]) == {"tagType", "applicableProgramTypes", "required"}
    assert len(found) == 7


def folder_keys(entries: list[Any]) -> list[tuple[int, str]]:
    assert all(one["id"] == one["folderId"]["id"] for one in entries)
    return [(one["folderId"]["id"], one["folderId"]["type"]) for one in entries]


def test_folders_are_read_two_levels_deep_by_default(start: StartSandbox) -> None:
    sandbox, client = start()
    found = read_pages(client, "folders")
    everything = read_pages(client, "folders", maxDepth=20)
    by_key = dict(zip(folder_keys(everything), map(in_utc, everything), strict=True))
    assert by_key == sandbox.expected.folders()
    assert set(folder_keys(found)) < set(by_key)
    assert {one["path"].count("/") for one in found} == {1, 2, 3}
    assert max(one["path"].count("/") for one in everything) > 5


def test_a_folder_and_a_program_can_have_the_same_id(start: StartSandbox) -> None:
    sandbox, _ = start()
    folders = sandbox.expected.folders()
    assert (1002, "Folder") in folders
    assert folders[1002, "Program"]["parent"] == {"id": 1002, "type": "Folder"}
    assert folders[1002, "Program"]["folderType"] == "Program"
    assert folders[15, "Folder"]["isSystem"]
    assert folders[14, "Folder"]["parent"] is None
    path = "/Marketing Activities/Default/Folder 1001/Folder 1002/Nurture Automation"
    assert folders[1002, "Program"]["path"] == path


def test_a_program_is_in_the_root_folder_until_its_folder_is_created(start: StartSandbox) -> None:
    sandbox, _ = start(programs=100)
    earlier = sandbox.expected.folders(at=sandbox.created_at - timedelta(days=200))
    assert earlier[1006, "Program"]["parent"] == {"id": 15, "type": "Folder"}
    assert sandbox.expected.folders()[1006, "Program"]["parent"] == {"id": 1006, "type": "Folder"}


def test_folders_are_read_below_a_root(start: StartSandbox) -> None:
    _, client = start()
    root = '{"id": 11, "type": "Folder"}'
    assert folder_keys(read_pages(client, "folders", root=root)) == [(11, "Folder"), (12, "Folder")]
    alone = read_pages(client, "folders", root=root, maxDepth=0)
    assert folder_keys(alone) == [(11, "Folder")]
    unknown = browse(client, "folders", root='{"id": 11, "type": "Program"}')
    assert unknown["warnings"] == [NO_ASSETS]


def read_batches(client: SandboxClient, path: str, **query: str) -> list[Any]:
    found: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = client.get(f"/rest/v1/{path}.json", params=query | token).json()
        found += page["result"]
        if "nextPageToken" not in page:
            return found
        token = {"nextPageToken": page["nextPageToken"]}


def test_lists_and_campaigns_of_the_lead_database_are_read_in_pages(start: StartSandbox) -> None:
    sandbox, client = start(many_assets=400)
    expected = {
        "lists": sandbox.expected.lead_database_lists(),
        "campaigns": sandbox.expected.lead_database_campaigns(),
    }
    for name, entries in expected.items():
        assert read_batches(client, name) == list(entries.values())
        assert len(client.get_result(f"/rest/v1/{name}.json")) == 300


def test_lists_and_campaigns_of_the_lead_database_are_selected(start: StartSandbox) -> None:
    _, client = start()
    assert [one["id"] for one in read_batches(client, "lists", id="2001,2003")] == [2001, 2003]
    assert [one["id"] for one in read_batches(client, "lists", name="Empty")] == [2004]
    in_program = read_batches(client, "lists", programName="GL_OP_ALL_2021")
    assert [one["name"] for one in in_program] == ["Trade show 2026"]
    assert {one["type"] for one in read_batches(client, "campaigns")} == {"batch", "trigger"}
    campaigns = read_batches(client, "campaigns", programName="GL_OP_ALL_2021")
    assert {one["programId"] for one in campaigns} == {1001}
    assert [one["name"] for one in read_batches(client, "campaigns", id="8000")] == [
        "Campaign 8000"
    ]


def test_lead_describe_and_activity_types_are_expected_too(start: StartSandbox) -> None:
    sandbox, client = start()
    fields = client.get_result("/rest/v1/leads/describe.json")
    types = client.get_result("/rest/v1/activities/types.json")
    assert {one["id"]: one for one in fields} == sandbox.expected.lead_describe()
    assert {one["id"]: one for one in types} == sandbox.expected.activity_types()
    assert all(one["soap"]["name"] for one in fields)


def test_usage_and_errors_are_reported_for_seven_days(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(token_seconds=10**7)
    client.get("/rest/v1/nope.json")
    client.create(fields=[])
    client.create(filter={})
    clock.advance(86_400)
    client.get("/rest/v1/nope.json")
    usage = client.get_result("/rest/v1/stats/usage/last7days.json")
    errors = client.get_result("/rest/v1/stats/errors/last7days.json")
    dates = [f"2026-02-{day}" for day in range(24, 29)] + ["2026-03-01", "2026-03-02"]
    assert [one["date"] for one in usage] == [one["date"] for one in errors] == dates
    assert [one["total"] for one in usage] == [0, 0, 0, 0, 0, 3, 2]
    assert usage[0] == {"date": "2026-02-24", "total": 0, "users": []}
    assert usage[5]["users"] == [{"userId": sandbox.client_id, "count": 3}]
    assert errors[5] == {
        "date": "2026-03-01",
        "total": 3,
        "errors": [{"errorCode": "610", "count": 1}, {"errorCode": "1002", "count": 2}],
    }
    assert client.get_result("/rest/v1/stats/errors.json") == errors[6:]
    assert sandbox.expected.api_errors_by_date() == {one["date"]: one for one in errors}
    assert sandbox.expected.usage()["2026-03-01"] == usage[5]
    clock.advance(6 * 86_400)
    assert client.get_result("/rest/v1/stats/usage/last7days.json")[0]["date"] == "2026-03-02"


def test_a_segmentation_whose_id_is_not_a_number_is_an_unknown_path(start: StartSandbox) -> None:
    _, client = start()
    response = client.get("/rest/asset/v1/segmentation/x/segments.json")
    assert client.api_error(response)[0] == "610"
