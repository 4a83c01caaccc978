"""A Marketo subscription on loopback, to try things on.

It speaks Marketo's REST and Bulk Extract API over real HTTP, is at least as strict as Marketo, and
knows the true records behind every file it gives out. Standard library only; it shares no code
with the tap that is tested against it. From the bottom up:

    clock, instants, chance         time, how it is written, and randomness from a seed
    options                         everything that can be chosen
    fields, values, nasty, kinds    the columns of leads, their values, the kinds of activities
    timeline, leads, activities     what happens to whom and when
    assets, world                   programs, forms and lists; the records that a filter selects
    truth                           those records as JSON-shaped values
    export_request, render,         a request for an export, checked; its records as text; its file
    export_file
    faults, fate                    what can go wrong, as data; what that means for a job
    job, jobs, ledger, quota        the life of export jobs in the queue, the slots and the quota
    tokens, limits, paging,         who may call, how often; pages of long answers; how it says no
    refusal
    api, bulk_calls, rest_calls     the answers
    disturbance, delivery           where faults change an answer, or its way to the client
    exchange, call_book, routes,    calls and replies, and HTTP
    server
    state                           a world kept in a directory
    subscription                    the sandbox as a whole
    cli, arguments                  the command marketo-sandbox
"""

from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.exchange import Call
from tap_marketo_bulk.sandbox.expected import ExpectedRows
from tap_marketo_bulk.sandbox.faults import Fault
from tap_marketo_bulk.sandbox.job import Job
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.subscription import Sandbox

__all__ = ["Call", "Clock", "ExpectedRows", "Fault", "Job", "Options", "Sandbox"]
