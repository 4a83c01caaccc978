"""How many bytes export tasks will use, by the files of the past days: a rough estimate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_marketo_bulk.extract.tasks import ExportTask


@dataclass(frozen=True)
class SizeEstimate:
    """The bytes of tasks if their files are like those of the past days.

    Attributes:
        average_bytes: If each file is as large as the average of its object.
        largest_bytes: If each file is as large as the largest of its object.
        past_files: The number of files that this is taken from.
        unknown_objects: The objects of which there is no past file, and so no estimate.
    """

    average_bytes: float
    largest_bytes: float
    past_files: int
    unknown_objects: tuple[str, ...] = ()


def estimate_size(
    tasks: Sequence[ExportTask], past_sizes: Mapping[str, Mapping[str, int]]
) -> SizeEstimate | None:
    """Return how many bytes the tasks will use; None where none of them uses any.

    Args:
        tasks: The tasks of a run. One whose job is completed already uses no more bytes.
        past_sizes: Object path -> job id -> bytes of its file.
    """
    paid = {export_id for sizes in past_sizes.values() for export_id in sizes}
    unpaid = Counter(task.request.object_path for task in tasks if task.export_id not in paid)
    if not unpaid:
        return None
    sizes = {path: list(past_sizes.get(path, {}).values()) for path in unpaid}
    known = {path: each for path, each in sizes.items() if each}
    return SizeEstimate(
        average_bytes=sum(unpaid[path] * sum(each) / len(each) for path, each in known.items()),
        largest_bytes=sum(unpaid[path] * max(each) for path, each in known.items()),
        past_files=sum(map(len, known.values())),
        unknown_objects=tuple(path for path in sizes if path not in known),
    )
