"""All there is to remember of export jobs."""

from dataclasses import dataclass
from datetime import datetime

from tap_marketo_bulk.sandbox.job import Job


@dataclass(frozen=True)
class Charge:
    """Bytes beyond a file's own size that went out, and count against the quota."""

    at: datetime
    bytes: int


@dataclass(frozen=True)
class Ledger:
    """The jobs in order of creation, and what was charged beside their files."""

    jobs: tuple[Job, ...] = ()
    charges: tuple[Charge, ...] = ()
