"""A Marketo subscription on loopback, to try things on."""

from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.exchange import Call
from tap_marketo_bulk.sandbox.jobs import Job
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.subscription import Sandbox
from tap_marketo_bulk.sandbox.truth import Truth

__all__ = ["Call", "Clock", "Job", "Options", "Sandbox", "Truth"]
