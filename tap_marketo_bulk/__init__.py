"""Singer tap for Adobe Marketo's Bulk Extract.

::

    tap.py          the Tap: name, capabilities, streams; wires the parts together
    command.py      its command line, with messages instead of tracebacks
    settings.py     the frozen Settings parsed from a configuration; settings_schema.py lists
                    them, settings_config.py reads and settings_checks.py checks them
    streams/        what a user selects: Singer streams, bookmarks, catalog
    extract/        from a stretch of time to typed rows: windows, jobs, files, rows
    marketo/        the API: calls, tokens, jobs, downloads
    jobs/           the command tap-marketo-bulk-jobs: see and stop what runs in Marketo
    errors.py       every error, each with a message for the user
    clock.py        the clock, a parameter of everything that waits
    sandbox/        a Marketo on loopback, to try things on; shares no code with the rest

Imports run downwards: tap -> streams -> extract -> marketo -> errors.
"""
