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
    expected_assets.py      its base class: the entries of the reference reads

    http/                   the HTTP API
        server.py             the server: connections, and the sending of responses
        call_handler.py       a call without a socket: request log, limits, response
        fault_injection.py    the effect of faults on calls and responses
        rest_api.py           the routes of the REST API: path, handler, permission
        lead_database_api.py  the handlers of the Lead Database API
        asset_api.py          the handlers of the Asset API
        bulk_api.py           the handlers of Bulk Extract: jobs and files
        rest_context.py       what the handlers of the REST API read
        dispatcher.py         routes; token check, call limits, handler
        permissions.py        the permissions of the API user's role
        access.py             API users, their tokens, and the limits on calls
        call_statistics.py    the numbers of calls and errors by day
        request_url.py        the method, the path and the query of a request
        query_parameters.py   numbers, instants and folders in the query of a call
        responses.py          JSON envelope, errors, pages
        messages.py           Call, requests and responses

    exports/                Bulk Extract
        job_queue.py          create, enqueue, process and cancel jobs
        job_store.py          the stored jobs, and the daily quota of exported bytes
        job.py                Job, the faults of a job, the job as the API reports it
        lead_export.py        the export object leads: fields, filters, rows
        activity_export.py    the export object activities
        member_export.py      the export object program/members
        custom_object_export.py  the export objects customobjects/<apiName>
        definition.py         the base class of these four
        checks.py             the checks of a create body
        file_writer.py        text of values, encoding of rows, file

    faults.py               Fault: the kinds of faults, and which fault applies to a call

    data/                   the data set
        asset_reads.py        the reads of the Asset API: their entries and keys
        folders.py            the tree of folders, and its entries
        design_entries.py     the entries of emails, templates, landing pages and forms
        lead_database_entries.py  the entries of lists and campaigns in the Lead Database API
        asset_entries.py      the entries of programs, campaigns, lists and segmentations
        data_set.py           fields and generators; the rows that a filter selects
        activity_rows.py      all activities, and those that a filter selects
        unsubscribes_and_merges.py  unsubscribes and merges, which follow from other data
        plausible_activities.py  activities in plausible proportions and orders
        activity_journeys.py  the sequences of activities of one lead
        activity_values.py    plausible attributes of activities
        campaign_assets.py    the assets in plausible activities
        arbitrary_activities.py  activities of all types in any order
        attribute_edge_cases.py  the edge cases of attributes
        activities.py         an activity, and the base class of both generators
        program_members.py    each member of a program: its changes, and its values
        custom_object_records.py  each record of a custom object: its changes, and its values
        leads.py              each lead: its changes, and its values at an instant
        asset_catalog.py      each asset: when it is created and changed
        asset_names.py        plausible names of assets
        value_source.py       the values of fields: plausible or arbitrary, with edge cases
        object_values.py      plausible values of custom objects and program members
        lead_values.py        plausible values of leads
        people.py             invented people with a job, a company and a city
        name_pools.py         names of people, companies and cities
        arbitrary_values.py   values that only fit the data type of a field
        record_history.py     when a record is changed, and which changes are visible
        channels.py           the channels of programs, and the statuses of members
        custom_objects.py     the custom objects in List Custom Objects
        describe_entries.py   the responses of Describe Lead 2 and Describe Companies
        member_fields.py      the fields in Describe Program Member
        object_fields.py      a field of a custom object or of a program member
        lead_fields.py        the fields in Describe Lead
        activity_types.py     the types in Get Activity Types
        assets.py             the programs, forms, emails and lists with fixed ids
        random_values.py      repeatable random numbers and instants

    api_errors.py           the error that becomes an API error in the response
    clock.py                SandboxClock, text of instants, TimeRange, Marketo's day
    options.py              Options
    edge_cases.py           the kinds of awkward values in the data set

To add an export object, write a subclass of ``ExportDefinition`` in ``exports/`` and add it to
``export_definitions`` in ``sandbox.py``. To add a REST call, write a handler in
``http/lead_database_api.py`` or ``http/asset_api.py`` and add it to ``http/rest_api.py``. Add the
expected rows of both to ``expected_rows.py`` or ``expected_assets.py``.
"""

from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.expected_rows import ExpectedRows
from tap_marketo_bulk.sandbox.exports.jobs import Job
from tap_marketo_bulk.sandbox.faults import Fault
from tap_marketo_bulk.sandbox.http.messages import Call
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.sandbox import Sandbox

__all__ = ["Call", "ExpectedRows", "Fault", "Job", "Options", "Sandbox", "SandboxClock"]
