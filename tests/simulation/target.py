"""What a target keeps of the messages of a run: rows, and the STATE that it confirms."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.runs import key_of, without_empty_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.runs import Message

    from .subscription import Rows

State = dict[str, Any]


@dataclass
class Target:
    """The tables of a warehouse, and the state of the pipeline that loads them.

    A target loads records in batches, and confirms a STATE when the records before it are loaded:
    later than it receives it.
    """

    records_per_batch: int = 1
    tables: dict[str, Rows] = field(default_factory=dict)
    state: State | None = None

    def load(self, messages: Sequence[Message], *, saves_state: bool = True) -> None:
        """Load all records; keep the last STATE, unless the pipeline does not save it."""
        for message in messages:
            if message["type"] == "RECORD":
                stream = message["stream"]
                row = without_empty_column(message["record"])
                table = self.tables.setdefault(stream, {})
                # A column that is not selected keeps its value.
                key = key_of(stream, row)
                table[key] = table.get(key, {}) | row
            if message["type"] == "STATE" and saves_state:
                self.state = deepcopy(message["value"])

    def confirmed(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages of which a target that ends now has loaded the records."""
        unloaded, confirmed = 0, 0
        for number, message in enumerate(messages, 1):
            unloaded += message["type"] == "RECORD"
            if message["type"] == "STATE" and unloaded >= self.records_per_batch:
                unloaded, confirmed = 0, number
        return messages[:confirmed]
