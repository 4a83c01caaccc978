"""What faults have in store for an export job."""

from dataclasses import dataclass, replace

from tap_marketo_bulk.sandbox.faults import Fault


@dataclass(frozen=True)
class Fate:
    """How the life of a job, and its description, differ from what they should be."""

    outcome: str = ""
    """The status it ends with in place of Completed."""
    error: str | None = None
    more_seconds: float = 0.0
    for_ever: bool = False
    vanished: bool = False
    count_off: int = 0
    size_off: int = 0
    no_checksum: bool = False

    def after(self, fault: Fault, cancelled: str) -> "Fate":
        """The fate with one more fault; ``cancelled`` is how that status is spelled."""
        return {
            "fail": replace(self, outcome="Failed", error=fault.message),
            "cancelled": replace(self, outcome=cancelled),
            "vanish": replace(self, vanished=True),
            "stuck": replace(self, for_ever=True),
            "slow": replace(self, more_seconds=fault.seconds),
            "wrong_count": replace(self, count_off=fault.amount),
            "wrong_size": replace(self, size_off=fault.amount),
            "no_checksum": replace(self, no_checksum=True),
        }[fault.kind]
