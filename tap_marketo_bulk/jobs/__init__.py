"""The command tap-marketo-bulk-jobs: see and cancel export jobs, for which Marketo has no page.

::

    cli                the command
    job_commands       its subcommands list, cancel, watch and timeline
    quota_commands     its subcommands quota and plan
    shared_options     the options that they share, and the tap that is made of them

    past_jobs          the export jobs of the past seven days
    job_list           list: which of them, and their table
    cancellation       cancel
    queue_snapshot     watch: slots and queue at an instant; watching refreshes the display
    timeline           timeline: which job was in which slot, and when
    quota_usage        quota: the bytes of a day
    plan_report        plan: the jobs that a run would create
    forecast           plan: the bytes that they take, and the nights

    table_data         the content of a table
    formatting         sizes and times as text
    drawing, timeline_drawing   all of these as rich draws them
    console            terminals, pipes, and pictures in SVG and HTML
"""
