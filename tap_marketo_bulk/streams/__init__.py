"""Singer: the streams, their catalog and state, and one run of all of them.

::

    registry, catalog       which streams exist; what a catalog may select
    base                    what every stream is; its selected columns
    bulk, export_group      streams with export jobs, and how Marketo is asked for their files
    leads, activities,      ... each of them
    typed_activities
    rest, deleted_leads     streams of REST calls
    reference               the table of reference streams; reference_columns has their columns
    initial_state           the state of an earlier run, checked
    sync_run, state_store   one run: plans, reacts to events; bookmarks and unfinished jobs
    job_reconciler          the jobs of earlier runs: found, resumed, or cancelled
    postponed_errors        errors that end a run only after its last stream
    router, emitter, writer rows to streams, records to RECORD messages, messages to stdout
    statistics              what is counted and reported
    progress_reporters,     where the progress is shown: in the log or in a terminal
    progress_display
    run_end, run_summary    the summary at the end of a run
"""
