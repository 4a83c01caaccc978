"""The entries of static lists and campaigns in responses of the Lead Database API."""

from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.data.asset_catalog import CAMPAIGN, STATIC_LIST, AssetSnapshot
from tap_marketo_bulk.sandbox.data.asset_entries import Entry, campaign_entry
from tap_marketo_bulk.sandbox.data.assets import PROGRAMS
from tap_marketo_bulk.sandbox.data.data_set import DataSet


def lead_database_lists(data_set: DataSet, at: int) -> dict[int, Entry]:
    """The static lists at ``at``, by id, in order of creation; those of a program name it."""
    return {one.asset.id: _list_entry(one) for one in data_set.assets(STATIC_LIST, at)}


def lead_database_campaigns(data_set: DataSet, at: int) -> dict[int, Entry]:
    """The campaigns at ``at``, by id, in order of creation; those of a program name it."""
    return {one.asset.id: _campaign_entry(one) for one in data_set.assets(CAMPAIGN, at)}


def _list_entry(snapshot: AssetSnapshot) -> Entry:
    entry: Entry = {
        "id": snapshot.asset.id,
        "name": snapshot.asset.name,
        "workspaceName": "Default",
        "createdAt": format_epoch_seconds(snapshot.created_at),
        "updatedAt": format_epoch_seconds(snapshot.updated_at),
    }
    program = {"programName": snapshot.asset.program} if snapshot.asset.program else {}
    return entry | program


def _campaign_entry(snapshot: AssetSnapshot) -> Entry:
    asset = campaign_entry(snapshot, format_epoch_seconds)
    entry = {name: asset[name] for name in ("id", "name", "type", "createdAt", "updatedAt")}
    programs = {program.id: program.name for program in PROGRAMS}
    program_id = asset.get("parentProgramId")
    program = (
        {"programId": program_id, "programName": programs[program_id]}
        if isinstance(program_id, int)
        else {}
    )
    return {**entry, **program, "active": asset["isActive"], "workspaceName": "Default"}
