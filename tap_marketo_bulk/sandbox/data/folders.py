"""The tree of folders and programs, and its entries in Get Folders."""

from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.data.asset_entries import Entry, app_url, parent_folder
from tap_marketo_bulk.sandbox.data.assets import FOLDER, AssetSnapshot
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.data.tables import load_table

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
        *((one, "Program", parent_folder(one)[:2], None) for one in data_set.programs(at)),
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
