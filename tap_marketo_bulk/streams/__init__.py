"""Singer: the streams, their catalog and STATE, and one run of all of them.

::

    registry         which kinds of streams exist
    context          what streams are made from: settings, catalog, what Marketo describes or denies
    base             what every stream is, and which of its fields are selected
    catalog          checks of what a catalog selects; the names of streams and columns
    bulk             streams with export jobs: what Marketo is asked for, how files are read
    objects          the table of leads, list members and program members; custom objects
    activities       activities of every type in one stream, and a stream for each type
    active_programs  the programs that activities name
    rest             streams of REST calls; deleted leads
    reference        the table of reference streams
    planning         goals, unfinished jobs and lost jobs -> the export tasks of a run
    run              one run: submits the tasks, reads their files, owns the state
    state_store      the states of all streams: checked, changed and written
    output           records -> Singer messages on stdout
    statistics       what a run counts of each stream
    warnings         what a run warns of before it reads a stream
    report           the end of a run: errors that wait for the last stream, and the summary
    display          the progress in a terminal
"""
