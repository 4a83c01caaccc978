"""From what a run has to read to typed records; knows neither Singer nor HTTP.

::

    windows, stream_state, state_format    time, what STATE holds, and as JSON
    read_modes, read_progress              how a stream is read; what was read, what is owed
    tasks, planner                         what is owed -> export tasks
    job_state, job_rules, job_steps        one export job: its states, decisions and calls
    job_tag, unknown_jobs                  jobs that the state lacks, found by their tag
    job_table, schedule, quota             all jobs of a run, and which step comes next
    progress, job_messages, quantities     what is logged of them
    past_exports, size_estimate            the files of the past days; how large the next will be
    pipeline_data, worker, pipeline, events two threads: jobs ahead, verified files in order
    cells, stray_quotes, blocks            a file's bytes -> blocks of text rows
    file_reader, window_overlap            ... checked, without rows of the window before
    cell_parsers, column_parsers,          text -> values, by Marketo's data types
    json_objects, field_types
    records, rest_records,                 text rows, JSON -> records
    attribute_columns, activity_records
    invalid_values                         the rule for values that do not fit their types
"""
