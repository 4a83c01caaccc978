"""Singer tap for Adobe Marketo: Bulk Extract, and REST calls for reference data.

::

    tap.py       the tap: connects its parts
    sdk.py       everything of singer_sdk that is not its public interface
    command.py   the command line: the SDK's, with errors as sentences; input_files.py for its files
    settings/    the table of settings, and the configuration parsed to frozen settings
    streams/     Singer: the streams, their catalog, STATE and RECORD messages, one run
    exports/     export jobs in Marketo, from their creation to their verified files
    rows/        a verified file -> records with typed values
    plan/        what was read, and what a run has to export: values and pure functions
    marketo/     the API: requests, tokens, export jobs, downloads, descriptions, lists
    cli/         the command tap-marketo-bulk-jobs: see, plan and cancel export jobs
    errors.py    every error, each a sentence
    times.py     the clock as a parameter, instants as text, Marketo's clock
    texts.py     counts, sizes, durations and instants as text
    plugin_definition.yml   the tap for ``meltano add --from-ref``, made from the settings
    sandbox/     a Marketo subscription on this machine; shares no code with the rest
    dbt/         a dbt project: views of the loaded tables, as the package dbt_marketo reads them

Imports go down only::

    tap, cli -> streams -> settings -> exports, rows -> plan -> marketo -> errors, texts, times

Data flows like this, in one thread::

    settings, catalog, STATE
       -> streams/registry     which streams exist
       -> plan/ledger          what is unread of each stream
       -> plan/planner         unread intervals -> export tasks, in the order of reading
       -> exports/loop         tasks -> verified files, while the next jobs run in Marketo
       -> rows/csv_file        a verified file -> blocks of text rows
       -> rows/records         blocks -> records with typed values
       -> streams/output       records -> RECORD messages
       -> streams/state_store  what was read, and unfinished jobs -> STATE messages
"""
