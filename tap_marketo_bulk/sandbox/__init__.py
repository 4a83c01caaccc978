"""A Marketo subscription on loopback, to test clients with.

It serves Marketo's REST and Bulk Extract API over real HTTP, checks requests at least as strictly
as Marketo does, and knows the rows that a client must have read. It uses the standard library only
and shares no code with the tap. A test uses it like this::

    with Sandbox(Options(leads=100)) as sandbox:
        ...  # read from sandbox.url with sandbox.client_id and sandbox.client_secret
        assert rows == sandbox.expected.leads()

The modules; imports go from the top to the bottom of this list::

    cli.py                  the command marketo-sandbox
    cli_arguments.py        its arguments, and the options that they select
    sandbox.py              Sandbox: builds everything below; the list of export objects
    state_directory.py      the data set and the jobs, saved for the next run
    expected_rows.py        ExpectedRows: the rows that a client must have read

    http/                   the HTTP API
        server.py             the server and the request log
        fault_injection.py    the effect of faults on calls and responses
        rest_api.py           the handlers of the REST API, one for each route
        bulk_api.py           the handlers of Bulk Extract: jobs and files
        dispatcher.py         routes; token check, call limits, handler
        access.py             API users, their tokens, and the limits on calls
        responses.py          JSON envelope, errors, pages
        messages.py           Call, requests and responses

    exports/                Bulk Extract
        job_queue.py          create, enqueue, process and cancel jobs
        job_store.py          the stored jobs, and the daily quota of exported bytes
        job.py                Job, the faults of a job, the job as the API reports it
        lead_export.py        the export object leads: fields, filters, rows
        activity_export.py    the export object activities
        definition.py         the base class of both, and the checks of a create body
        file_writer.py        text of values, encoding of rows, file

    faults.py               Fault: the kinds of faults, and which fault applies to a call

    data/                   the data set
        data_set.py           fields, leads and activities; the rows that a filter selects
        activities.py         each activity: lead, type, attributes, instants
        leads.py              each lead: its changes, and its values at an instant
        lead_fields.py        the fields in Describe Lead
        activity_types.py     the types in Get Activity Types
        assets.py             programs, forms, emails, lists
        random_values.py      repeatable random numbers, instants and values; edge cases

    api_errors.py           the error that becomes an API error in the response
    clock.py                SandboxClock, text of instants, Marketo's day
    options.py              Options

To add an export object, write a subclass of ``ExportDefinition`` in ``exports/`` and add it to
``export_definitions`` in ``sandbox.py``. To add a REST call, write a handler in
``http/rest_api.py`` and add it to ``REST_ROUTES``. Add the expected rows of both to
``expected_rows.py``.
"""

from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.expected_rows import ExpectedRows
from tap_marketo_bulk.sandbox.exports.job import Job
from tap_marketo_bulk.sandbox.faults import Fault
from tap_marketo_bulk.sandbox.http.messages import Call
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.sandbox import Sandbox

__all__ = ["Call", "ExpectedRows", "Fault", "Job", "Options", "Sandbox", "SandboxClock"]
