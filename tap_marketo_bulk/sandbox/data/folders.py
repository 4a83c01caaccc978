"""The folders: the tree of folders and programs, and its entries in Get Folders."""

from dataclasses import dataclass, field

from tap_marketo_bulk.sandbox.data.asset_entries import Entry, FormatTime, parent_folder, url
from tap_marketo_bulk.sandbox.data.assets import FOLDER, AssetSnapshot
from tap_marketo_bulk.sandbox.data.data_set import DataSet

FolderKey = tuple[int, str]
"""The id and the type, ``Folder`` or ``Program``. A folder and a program can have the same id."""

_MARKETING_ZONE: FolderKey = (15, "Folder")
# The system folders: id, name, parent id.
_SYSTEM_FOLDERS = (
    (14, "Marketing Activities", None),
    (15, "Default", 14),
    (11, "Design Studio", None),
    (12, "Default", 11),
    (31, "Lead Database", None),
)
# Folders are in chains of this length, so that the tree is deeper than the default of maxDepth.
_CHAIN_LENGTH = 3


@dataclass(frozen=True)
class FolderNode:
    """A folder or a program in the tree; ``parent`` is None for a root."""

    key: FolderKey
    name: str
    folder_type: str
    parent: FolderKey | None
    created_at: int
    updated_at: int
    details: Entry = field(default_factory=dict)


class FolderTree:
    """The folders and programs that exist at one instant."""

    def __init__(self, data_set: DataSet, at: int) -> None:
        first = data_set.first_instant
        nodes = [
            FolderNode(
                (folder_id, "Folder"),
                name,
                "Zone",
                None if parent_id is None else (parent_id, "Folder"),
                first,
                first,
                {"description": f"Root node {name}", "url": None, "isSystem": True},
            )
            for folder_id, name, parent_id in _SYSTEM_FOLDERS
        ]
        nodes += [_folder_node(one) for one in data_set.assets(FOLDER, at)]
        nodes += [_program_node(one) for one in data_set.programs(at)]
        self._nodes = {node.key: node for node in nodes}

    def keys_below(self, root: FolderKey | None, max_depth: int) -> list[FolderKey]:
        """The keys of ``root`` (None: each root) and what is at most ``max_depth`` below it."""
        return [key for key in self._nodes if 0 <= self._depth(key, root) <= max_depth]

    def entry(self, key: FolderKey, format_time: FormatTime) -> Entry:
        """The entry of a folder or program in Get Folders."""
        node = self._nodes[key]
        return {
            "name": node.name,
            "description": node.details["description"],
            "createdAt": format_time(node.created_at),
            "updatedAt": format_time(node.updated_at),
            "url": node.details["url"],
            "folderId": {"id": key[0], "type": key[1]},
            "folderType": node.folder_type,
            "parent": node.parent and {"id": node.parent[0], "type": node.parent[1]},
            "path": self._path(node),
            "isArchive": False,
            "isSystem": node.details["isSystem"],
            "accessZoneId": 1,
            "workspace": "Default",
            "id": key[0],
        }

    def _depth(self, key: FolderKey, root: FolderKey | None) -> int:
        """The number of steps up to ``root``; negative if it is not above ``key``."""
        depth = 0
        node = self._nodes[key]
        while node.key != root:
            if node.parent is None:
                return depth if root is None else -1
            node = self._nodes[node.parent]
            depth += 1
        return depth

    def _path(self, node: FolderNode) -> str:
        parent = "" if node.parent is None else self._path(self._nodes[node.parent])
        return f"{parent}/{node.name}"


def _folder_node(snapshot: AssetSnapshot) -> FolderNode:
    is_first = snapshot.number % _CHAIN_LENGTH == 0
    return FolderNode(
        (snapshot.asset.id, "Folder"),
        snapshot.asset.name,
        "Marketing Folder",
        _MARKETING_ZONE if is_first else (snapshot.asset.id - 1, "Folder"),
        snapshot.created_at,
        snapshot.updated_at,
        {"description": "", "url": url("MF", snapshot), "isSystem": False},
    )


def _program_node(snapshot: AssetSnapshot) -> FolderNode:
    return FolderNode(
        (snapshot.asset.id, "Program"),
        snapshot.asset.name,
        "Program",
        parent_folder(snapshot)[:2],
        snapshot.created_at,
        snapshot.updated_at,
        {"description": None, "url": url("PG", snapshot), "isSystem": False},
    )
