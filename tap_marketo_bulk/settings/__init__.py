"""The settings of the tap.

::

    schema    every setting with its description: the JSON Schema of a configuration
    config    environment variables and config files -> a normalized configuration
    checks    the problems of a configuration that do not concern a single value
    values    text -> the value of one setting
    settings  a normalized configuration -> the frozen Settings
"""
