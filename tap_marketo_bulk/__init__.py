"""Singer tap for Adobe Marketo's Bulk Extract.

::

    tap.py       the tap: connects its parts
    sdk.py       everything of singer_sdk that is not its public interface
    command.py   the command line: errors as sentences
    settings/    the configuration, parsed to frozen settings
    streams/     Singer: the streams, their catalog and state, RECORD messages, one run
    extract/     what to export, the export jobs, verified files, typed records
    marketo/     the API: requests, tokens, export jobs, downloads, descriptions
    cli/         the command tap-marketo-bulk-jobs: see and cancel export jobs
    errors/      every error, each a sentence
    clock.py, instants.py   time as a parameter, and as text
    server_clock.py         the local clock, compared with Marketo's
    input_files.py          the files of --catalog and --state
    plugin_definition.yml   the tap for `meltano add --from-ref`, made from the settings
    sandbox/     a Marketo on this machine, for tests and trials; shares no code with the rest
    dbt/         a dbt project: views of the loaded tables, as the package dbt_marketo reads them

Imports go down only: tap -> streams -> extract -> marketo -> errors. Data flows the same way::

    settings, catalog, state
       -> streams/registry     which streams exist
       -> extract/planner      what each still has to read -> export tasks, in reading order
       -> extract/pipeline     tasks -> verified files, while the next jobs run in Marketo
       -> extract/file_reader  a verified file -> blocks of text rows
       -> streams/router       the rows -> the streams that they are for, as typed records
       -> streams/emitter      records -> RECORD messages
       -> streams/state_store  bookmarks and unfinished jobs -> STATE
"""
