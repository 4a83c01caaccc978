"""What the handlers of the REST API read."""

from collections.abc import Callable
from dataclasses import dataclass

from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.http.call_statistics import CallStatistics
from tap_marketo_bulk.sandbox.http.messages import HttpRequest, HttpResponse


@dataclass(frozen=True)
class RestContext:
    """What the handlers read."""

    data_set: DataSet
    statistics: CallStatistics
    clock: SandboxClock

    @property
    def now(self) -> int:
        """The current instant in epoch seconds."""
        return int(self.clock.now().timestamp())


RestHandler = Callable[[RestContext, HttpRequest], HttpResponse]
