"""Singer tap for Adobe Marketo's Bulk Extract.

::

    tap.py          the Tap: name, capabilities, streams; wires the parts together
    command.py      its command line: errors as sentences
    settings.py     the frozen Settings parsed from a configuration; their JSON Schema is
                    in settings_schema.py
    streams/        what a user selects: Singer streams, bookmarks, catalog
    extract/        from a stretch of time to typed rows: windows, jobs, files, rows
    marketo/        the API: calls, tokens, jobs, downloads
    jobs/           the command tap-marketo-bulk-jobs: see and stop what runs in Marketo
    errors.py       every error, each a sentence
    clock.py        time as a parameter
    sandbox/        a Marketo on loopback, to try things on; shares no code with the rest

Imports run downwards: tap -> streams -> extract -> marketo -> errors.
"""
