"""Singer: the streams, their catalog and state, and one run of all of them.

::

    registry                which kinds of streams exist
    creation_context        what streams are made from; catalog: what a catalog may select
    base, column_naming     what every stream is; its selected fields, and the names of its columns
    object_schema           the schema of an object whose fields Marketo describes
    bulk, export_group      streams with export jobs, and how Marketo is asked for their files
    leads, list_members,    ... each of them
    activities, typed_activities,
    program_members, custom_objects
    active_programs         the programs that activities name
    rest, deleted_leads     streams of REST calls
    reference               the table of reference streams; reference_columns has their columns
    denied                  streams that the API user may not read
    initial_state           the state of an earlier run, checked
    sync_run, state_store   one run: reacts to events; bookmarks and unfinished jobs
    group_planner           ... its export tasks; retention: what Marketo does not keep
    job_reconciler          the jobs of earlier runs: found, resumed, or cancelled
    postponed_errors        errors that end a run only after its last stream
    router, emitter, writer rows to streams, records to RECORD messages, messages to stdout
    statistics              what is counted and reported
    progress_reporters,     where the progress is shown: in the log or in a terminal
    progress_display
    run_end, run_summary    the summary at the end of a run
"""
