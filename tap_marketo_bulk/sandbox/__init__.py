"""A Marketo subscription on loopback, to test clients with.

It serves Marketo's REST and Bulk Extract API over real HTTP, checks requests at least as strictly
as Marketo does, and knows the rows that a client must have read. It uses the standard library only
and shares no code with the tap. A test uses it like this::

    with Sandbox(Options(leads=100)) as sandbox:
        ...  # read from sandbox.url with sandbox.client_id and sandbox.client_secret
        assert rows == sandbox.expected.leads()

The modules; imports go from the top to the bottom of this list::

    cli.py               the command marketo-sandbox
    sandbox.py           Sandbox: builds everything below
    state_directory.py   the data set and the jobs, saved for the next run
    expected_rows.py     ExpectedRows: the rows that a client must have read
    faults.py            Fault: its kinds, and their effects on calls, responses and jobs

    http/                the HTTP API
        server.py          the server: connections, and the sending of responses
        dispatcher.py      a call without a socket: request log, limits, token check, route
        bulk_api.py        the handlers of Bulk Extract
        rest_api.py        the REST reads: path, permission, entries and response of each
        access.py          API users, tokens, numbers of calls, Marketo's limits
        messages.py        Call, requests and their parameters, responses

    exports/             Bulk Extract
        objects.py         the export objects: columns, filters and records of each
        jobs.py            Job, and the queue of jobs with the daily quota
        create_body.py     the checks of a create body, and its filters
        file_writer.py     text of values, encoding of rows, file

    data/                the data set, and its tables in JSON files
        asset_entries.py   the entries of assets and folders in responses
        data_set.py        the fields and the rows of the subscription
        activities.py      the activities: sequences of what leads do
        activity_types.py  the types of activities, and the attributes of an activity
        lead_records.py    the records of custom objects, and the members of programs
        leads.py           the leads: their changes, and their values at an instant
        value_source.py    the values of fields: plausible or arbitrary, with edge cases
        people.py          invented people with a job, a company and a city
        assets.py          the assets: when each is created and changed
        fields.py          what the describe calls return
        random_values.py   repeatable random numbers and instants

    api_errors.py        the error that becomes an API error in the response
    clock.py             SandboxClock, text of instants, TimeRange, Marketo's day
    options.py           Options
    edge_cases.py        the kinds of awkward values in the data set

To add a REST read, add a row to ``READS`` in ``http/rest_api.py``; to add an export object, add a
row to ``export_objects`` in ``exports/objects.py``. Add the name of its expected rows to
``ExpectedRows``.
"""

from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.expected_rows import ExpectedRows
from tap_marketo_bulk.sandbox.exports.jobs import Job
from tap_marketo_bulk.sandbox.faults import Fault
from tap_marketo_bulk.sandbox.http.messages import Call
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.sandbox import Sandbox

__all__ = ["Call", "ExpectedRows", "Fault", "Job", "Options", "Sandbox", "SandboxClock"]
