"""The entries of assets and folders in responses.

Instants are texts such as ``2026-03-01T12:00:00Z``.
"""

from collections.abc import Callable

from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.data import load_table
from tap_marketo_bulk.sandbox.data.assets import (
    CAMPAIGN,
    CHANNELS,
    FOLDER,
    PROGRAM,
    PROGRAMS,
    SEGMENTATION,
    STATIC_LIST,
    AssetKind,
    AssetSnapshot,
    program_channel,
)
from tap_marketo_bulk.sandbox.data.data_set import DataSet

Entry = dict[str, object]

APPROVED = "approved"
DRAFT = "draft"
APPROVED_WITH_DRAFT = "approved with draft"
_TABLES = load_table("assets")
_APP_URL = "https://app-sandbox.example.com/#"
_PROGRAM_URLS = {"Engagement": "NP", "Email": "EBP", "Default": "PG"}
_PROGRAM_STATUSES = {"Engagement": ("on", "off"), "Email": ("unlocked", "unlocked")}


def asset_entries(kind: AssetKind, data_set: DataSet, at: int) -> list[Entry]:
    """The entries of all assets of a kind at ``at``, in the order of the option ``asset_order``."""
    snapshots = sorted(data_set.assets(kind, at), key=_SORT_KEYS[data_set.options.asset_order])
    more = {"sandboxDetails": {"rank": 1.5}} if data_set.options.undocumented_members else {}
    return [_asset_entry(one) | more for one in snapshots]


_SORT_KEYS: dict[str, Callable[[AssetSnapshot], tuple[str | int, ...]]] = {
    "name": lambda one: (one.asset.name.casefold(), one.asset.id),
    "id": lambda one: (one.asset.id,),
    "updatedAt": lambda one: (one.updated_at, one.asset.id),
}


def version_entries(entry: Entry, data_set: DataSet) -> list[Entry]:
    """The entries of an asset: with ``draft_entries`` a draft is an entry of its own.

    The first one is the approved version, if there is one.
    """
    if not data_set.options.draft_entries or entry["status"] != APPROVED_WITH_DRAFT:
        return [entry]
    return [entry | {"status": APPROVED}, entry | {"status": DRAFT}]


def segment_entries(data_set: DataSet, at: int, segmentation_id: int | None = None) -> list[Entry]:
    """The segments of a segmentation, or of all of them; an unknown one has none."""
    return [
        {
            **_common_members(segmentation),
            "id": segmentation.asset.id * 10 + number,
            "name": name,
            "description": f"Segment {name}",
            "url": app_url("SGM", segmentation),
            "segmentationId": segmentation.asset.id,
            "status": APPROVED,
        }
        for segmentation in data_set.assets(SEGMENTATION, at)
        if segmentation_id in (None, segmentation.asset.id)
        for number, name in enumerate(_TABLES["segments"])
    ]


def channel_entries(data_set: DataSet) -> list[Entry]:
    """The channels in Get Channels; they do not change."""
    return [channel.entry(format_epoch_seconds(data_set.first_instant)) for channel in CHANNELS]


def tag_entries(data_set: DataSet) -> list[Entry]:
    """The tags in Get Tag Types: they have no id, and the program types are one text."""
    more = ((f"Tag {number}", "[program]", False) for number in range(data_set.options.many_assets))
    return [
        {"tagType": name, "applicableProgramTypes": types, "required": required}
        for name, types, required in (*_TABLES["tags"], *more)
    ]


def lead_database_lists(data_set: DataSet, at: int) -> list[Entry]:
    """The static lists in the Lead Database API; those of a program name it."""
    return [
        _common_members(one)
        | {"workspaceName": "Default"}
        | ({"programName": one.asset.program} if one.asset.program else {})
        for one in data_set.assets(STATIC_LIST, at)
    ]


def lead_database_campaigns(data_set: DataSet, at: int) -> list[Entry]:
    """The campaigns in the Lead Database API; those of a program name it."""
    programs = {program.id: program.name for program in PROGRAMS}
    entries = []
    for one in data_set.assets(CAMPAIGN, at):
        asset = _asset_entry(one)
        program_id = asset.get("parentProgramId")
        program: Entry = {}
        if isinstance(program_id, int):
            program = {"programId": program_id, "programName": programs[program_id]}
        more = {"type": asset["type"], "active": asset["isActive"], "workspaceName": "Default"}
        entries.append(_common_members(one) | program | more)
    return entries


def parent_folder(snapshot: AssetSnapshot) -> tuple[int, str, str]:
    """The id, the type and the name of the program or the folder of an asset."""
    for program in PROGRAMS:
        if program.name == snapshot.asset.program:
            return program.id, "Program", program.name
    folder = FOLDER.asset(snapshot.number % FOLDER.initial_count, snapshot.edge_cases)
    return folder.id, "Folder", folder.name


def app_url(prefix: str, snapshot: AssetSnapshot) -> str:
    """The address of the asset in the application; ``prefix`` denotes its kind."""
    return f"{_APP_URL}{prefix}{snapshot.asset.id}A1"


def _asset_entry(snapshot: AssetSnapshot) -> Entry:
    """The entry in the Asset API: what all kinds have, the constants, and what changes."""
    title = snapshot.kind.title
    row = _TABLES["entries"][title]
    entry: Entry = _common_members(snapshot) | row["constants"]
    if "address" in row:
        member, prefix = row["address"]
        entry[member] = app_url(prefix, snapshot)
    if "folder" in row:
        folder_id, folder_type, name = parent_folder(snapshot)
        folder: Entry = {"type": folder_type, row["folder"]: folder_id}
        entry["folder"] = folder | ({"folderName": name} if row["folder"] == "value" else {})
    return entry | _MEMBERS[title](snapshot)


def _common_members(snapshot: AssetSnapshot) -> Entry:
    return {
        "id": snapshot.asset.id,
        "name": snapshot.asset.name,
        "createdAt": format_epoch_seconds(snapshot.created_at),
        "updatedAt": format_epoch_seconds(snapshot.updated_at),
    }


def _description(snapshot: AssetSnapshot) -> Entry:
    """The member ``description``: null, or a text that says how often the asset was changed."""
    return {"description": f"Version {snapshot.change}" if snapshot.number % 3 else None}


def _design(snapshot: AssetSnapshot) -> Entry:
    """An asset is a draft first, then approved, and then it can have a draft again."""
    status = APPROVED_WITH_DRAFT if snapshot.change % 2 else APPROVED
    is_new = not (snapshot.change or snapshot.number % 2)
    return {**_description(snapshot), "status": DRAFT if is_new else status}


def _program(snapshot: AssetSnapshot) -> Entry:
    """Get Programs returns neither tags nor costs."""
    channel = program_channel(snapshot)
    statuses = _PROGRAM_STATUSES.get(channel.program_type, ("", ""))
    return {
        "description": f"Version {snapshot.change}",
        "url": app_url(_PROGRAM_URLS.get(channel.program_type, "ME"), snapshot),
        "type": channel.program_type,
        "channel": channel.name,
        "status": statuses[snapshot.change % 2],
    }


def _campaign(snapshot: AssetSnapshot) -> Entry:
    """Some campaigns belong to a program, two are of the system."""
    number = snapshot.number
    is_trigger = number % 2 == 1
    is_system = number in (2, 4)
    is_active = is_trigger and snapshot.change % 2 == 0
    program: Entry = {}
    folder_id, folder_type, _ = parent_folder(snapshot)
    if number % 3 == 0:
        folder_id, folder_type = PROGRAMS[number % len(PROGRAMS)].id, "Program"
        program = {"parentProgramId": folder_id}
    return {
        **_description(snapshot),
        "status": "Active" if is_active else ("Inactive" if is_trigger else "Never Run"),
        "type": "trigger" if is_trigger else "batch",
        "isSystem": is_system,
        "isActive": is_active,
        "isRequestable": is_trigger and number % 4 == 1,
        "isCommunicationLimitEnabled": number % 5 == 0,
        "smartListId": 5000 + number,
        "flowId": 6000 + number,
        **({} if is_system else {"folder": {"id": folder_id, "type": folder_type}} | program),
    }


def _email(snapshot: AssetSnapshot) -> Entry:
    templated = _TABLES["members of emails with a template"]
    has_template = snapshot.number % 2 == 0
    return {
        **_design(snapshot),
        "subject": {"type": "Text", "value": f"News no. {snapshot.change} \U0001f389"},
        "operational": snapshot.number % 5 == 0,
        "webView": snapshot.number % 3 == 0,
        **(templated if has_template else dict.fromkeys(templated)),
    }


def _landing_page(snapshot: AssetSnapshot) -> Entry:
    """The title and the keywords can be missing."""
    page_id = snapshot.asset.id
    more = {"title": f"Page {page_id}", "keywords": "a, b"} if snapshot.number % 2 else {}
    return {
        **_design(snapshot),
        "mobileEnabled": snapshot.number % 2 == 1,
        "URL": f"https://www.example.com/lp/page-{page_id}.html",
        **more,
    }


# The members of each kind that are not the same for all its assets.
_MEMBERS: dict[str, Callable[[AssetSnapshot], Entry]] = {
    "Program": _program,
    "Campaign": _campaign,
    "Static List": lambda one: _description(one) if one.number % 3 else {},
    "Smart List": lambda _: {},
    "Segmentation": lambda one: (
        _description(one) | {"status": APPROVED if one.number % 3 else DRAFT}
    ),
    "Email": _email,
    "Email Template": lambda one: _design(one) | {"version": 1 + one.number % 2},
    "Landing Page": _landing_page,
    "Form": lambda one: _design(one) | {"progressiveProfiling": one.number % 2 == 1},
}


FolderKey = tuple[int, str]
"""The id and the type, ``Folder`` or ``Program``. A folder and a program can have the same id."""

_MARKETING_ZONE: FolderKey = (15, "Folder")
# Folders are in chains of this length, so that the tree is deeper than the default of maxDepth.
_CHAIN_LENGTH = 3


def folder_entries(
    data_set: DataSet, at: int, root: FolderKey | None = None, max_depth: int | None = None
) -> dict[FolderKey, Entry]:
    """The entries of ``root`` (None: each root) and what is at most ``max_depth`` below it."""
    parents: dict[FolderKey, FolderKey | None] = {}
    entries: dict[FolderKey, Entry] = {}
    for key, parent, entry in _nodes(data_set, at):
        parents[key] = parent
        entries[key] = entry
    found = {}
    for key, entry in entries.items():
        path = _path(key, parents)
        if root is None or root in path:
            depth = len(path) - 1 - (path.index(root) if root else 0)
            if max_depth is None or depth <= max_depth:
                names = "".join(f"/{entries[one]['name']}" for one in path)
                found[key] = entry | {"path": names}
    return found


def _path(key: FolderKey, parents: dict[FolderKey, FolderKey | None]) -> list[FolderKey]:
    """The keys from a root of the tree to ``key``."""
    parent = parents[key]
    return [*(_path(parent, parents) if parent else []), key]


def _nodes(data_set: DataSet, at: int) -> list[tuple[FolderKey, FolderKey | None, Entry]]:
    """The key, the parent (None for a root) and the entry without path of each folder."""
    first = format_epoch_seconds(data_set.first_instant)
    system = [
        _node(
            (folder_id, "Folder"),
            parent_id and (parent_id, "Folder"),
            name=name,
            description=f"Root node {name}",
            createdAt=first,
            updatedAt=first,
            url=None,
            folderType="Zone",
            isSystem=True,
        )
        for folder_id, name, parent_id in load_table("assets")["system folders"]
    ]
    folders = data_set.assets(FOLDER, at)
    existing = {(one.asset.id, "Folder") for one in folders}
    nodes = [
        *((one, "Marketing Folder", _previous_folder(one), "") for one in folders),
        *((one, "Program", parent_folder(one)[:2], None) for one in data_set.assets(PROGRAM, at)),
    ]
    return system + [
        _asset_node(one, kind, parent if parent in existing else _MARKETING_ZONE, description)
        for one, kind, parent, description in nodes
    ]


def _previous_folder(snapshot: AssetSnapshot) -> FolderKey:
    is_first = snapshot.number % _CHAIN_LENGTH == 0
    return _MARKETING_ZONE if is_first else (snapshot.asset.id - 1, "Folder")


def _asset_node(
    snapshot: AssetSnapshot, folder_type: str, parent: FolderKey, description: str | None
) -> tuple[FolderKey, FolderKey | None, Entry]:
    is_program = folder_type == "Program"
    return _node(
        (snapshot.asset.id, "Program" if is_program else "Folder"),
        parent,
        name=snapshot.asset.name,
        description=description,
        createdAt=format_epoch_seconds(snapshot.created_at),
        updatedAt=format_epoch_seconds(snapshot.updated_at),
        url=app_url("PG" if is_program else "MF", snapshot),
        folderType=folder_type,
        isSystem=False,
    )


def _node(
    key: FolderKey, parent: FolderKey | None, **members: object
) -> tuple[FolderKey, FolderKey | None, Entry]:
    entry = {
        **members,
        "folderId": {"id": key[0], "type": key[1]},
        "parent": parent and {"id": parent[0], "type": parent[1]},
        "isArchive": False,
        "accessZoneId": 1,
        "workspace": "Default",
        "id": key[0],
    }
    return key, parent, entry
