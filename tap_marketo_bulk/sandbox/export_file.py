"""The file of an export job: written row by row, never whole in memory."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tap_marketo_bulk.sandbox.export_request import ExportRequest
from tap_marketo_bulk.sandbox.render import Renderer, activity_cell
from tap_marketo_bulk.sandbox.world import LeadFilter, World


@dataclass(frozen=True)
class Written:
    """What a job says of its file."""

    records: int
    size: int
    checksum: str


def write_export(request: ExportRequest, world: World, at: int, path: Path) -> Written:
    """Write the records of ``request`` as they are visible at ``at`` (epoch seconds)."""
    renderer = Renderer(request.file_format, world.options)
    digest = hashlib.sha256()
    records = size = 0
    with path.open("wb") as file:
        for records, row in enumerate(_rows(request, world, at, renderer)):  # noqa: B007 - last one counts
            file.write(row)
            digest.update(row)
            size += len(row)
        if not records and world.options.empty_file == "nothing":
            file.truncate(0)
            digest, size = hashlib.sha256(), 0
    return Written(records, size, f"sha256:{digest.hexdigest()}")


def _rows(request: ExportRequest, world: World, at: int, renderer: Renderer) -> Iterator[bytes]:
    """The header and the records, so that the number of the last row is that of the records."""
    wanted = request.filter
    yield renderer.row(request.headers)
    if isinstance(wanted, LeadFilter):
        known = world.accepted_columns
        fields = [known[name] for name in request.columns]
        types = [one.data_type for one in fields]
        for lead in world.leads(wanted, at):
            yield renderer.row(map(renderer.cell, lead.values(fields), types))
    else:
        for activity in world.activities(wanted, at):
            yield renderer.row(activity_cell(activity, column) for column in request.columns)
