"""Code that several test modules share.

::

    clock                  clocks of the tap, whose waits take no time
    runs                   runs of the tap in this process, and the messages that they wrote
    command, jobs_command  the two commands of the package
    data_sets              options of sandboxes, and comparisons with their expected rows
    bulk_objects           runs of all export objects, and what they must have loaded
    call_faults            the kinds of faults of each call, and the errors that they lead to
    tap_process            the tap as a process
    typed_activities       the expected records of the streams of single activity types
    warehouse_tables       comparisons of database tables with expected rows
    expected_tables        the expected table of each stream of a subscription
    readme                 the text of README and docs/, and the code in it
    written_values         values as both writers of the SDK write them
    export_reader          a reader of export files that shares no code with the sandbox
    api_client             a client of the sandbox's API, for tests of the sandbox
    asset_reads            reads of the sandbox's Asset API
    reference_tables       the records of reference streams, and the expected ones
    settings               valid settings with changes, or the problems of the changes
    fake_exports           export jobs without a server
    pipeline_run           a pipeline with such jobs, and a reader of it
    lead_exports           a request for leads, and a job whose file is downloaded
    envelope_errors        the error that the entries of an envelope give
    planning               what the planner needs, with instants in hours
    file_records           records of export files
    http_host              a server with prepared responses
    meltano, postgresql    Meltano projects and a database, for whole pipelines
    warehouses             the databases that dbt's views are made in
    expected_views         comparisons of dbt's views with expected rows
"""
