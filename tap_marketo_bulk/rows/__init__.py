"""From a verified file to records; knows neither Singer nor HTTP.

::

    csv_file     a file -> blocks of text rows
    overlap      leaves out rows that two neighbouring windows both have
    field_types  one table: Marketo's data type -> JSON Schema and parsers
    values       the parsers of single values, and values that do not fit their type
    records      blocks of text rows -> records with typed values, column by column
    activities   the attributes of activities as typed columns
"""
