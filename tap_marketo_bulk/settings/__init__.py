"""The settings of the tap.

::

    settings  the table: every setting with its type, default, limits and description
    config    environment variables and config files -> a checked configuration -> Settings
    values    a row of the table, and the parsers of single values
"""
