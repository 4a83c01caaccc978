"""A Marketo subscription on loopback, to try things on."""

from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.exchange import Call
from tap_marketo_bulk.sandbox.faults import Fault
from tap_marketo_bulk.sandbox.job import Job
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.subscription import Sandbox
from tap_marketo_bulk.sandbox.truth import Truth

__all__ = ["Call", "Clock", "Fault", "Job", "Options", "Sandbox", "Truth"]
