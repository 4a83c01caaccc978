"""The command tap-marketo-bulk-jobs: see and stop what runs in Marketo, which has no page for it.

::

    cli         the command and its options; each subcommand as a ErrorReportingCommand
    listing     list: the jobs of the past seven days
    cancelling  cancel: stop some of them, or all
    quota       quota: what they used of the day's bytes
    plan        plan: what a run would ask for, without asking
    history     the jobs of the past seven days
    words       tables, sizes and times as people read them
"""
