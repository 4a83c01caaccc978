"""The command tap-marketo-bulk-jobs: see and cancel export jobs, for which Marketo has no page.

::

    commands   the command, its subcommands and their options
    reports    the past jobs, and the data and texts of list, watch, quota and plan
    timeline   which job was in which slot, and when: the days, and their chart
    console    terminals, pipes, tables and bars as rich draws them, pictures in SVG and HTML
"""
