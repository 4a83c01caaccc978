"""Singer: the streams, their catalog and state, and one run of all of them.

::

    registry, catalog       which streams exist; what a catalog may select
    base                    what every stream is; its selected columns
    bulk, export_group      streams with export jobs, and how Marketo is asked for their files
    leads, activities,      ... each of them
    typed_activities
    rest, deleted_leads     streams of REST calls
    initial_state           the state of an earlier run, checked
    sync_run, job_store     one run: plans, reacts to events, owns bookmarks and unfinished jobs
    router, emitter, writer rows to streams, records to RECORD messages, messages to stdout
    statistics              what is counted and reported
"""
