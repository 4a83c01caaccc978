"""The command tap-marketo-bulk-jobs: see and cancel export jobs, for which Marketo has no page.

::

    cli           the command, its subcommands and their options
    past_jobs     list and cancel: the export jobs of the past seven days
    quota_report  quota: the bytes that they used today
    plan_report   plan: the jobs that a run would create
    formatting    tables, sizes and times as text
"""
