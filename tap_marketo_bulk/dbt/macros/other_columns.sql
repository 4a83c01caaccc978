{#
  The columns of a table that are in none of the columns of its view, each with its name in the
  view. Columns of the loader and _invalid_values are not among them.
#}
{% macro other_columns(loaded, columns) %}
    {%- set rest_names = tap_marketo_bulk.rest_names() if loaded else {} -%}
    {%- set used = columns | map('first') | list -%}
    {%- set in_view = [] -%}
    {%- for column in columns -%}
        {%- set found = tap_marketo_bulk.source_of(loaded, column) -%}
        {%- do in_view.append(found.name) if found -%}
    {%- endfor -%}
    {%- set others = [] -%}
    {%- for column in loaded if column.name not in in_view
        and column.name | lower != '_invalid_values' and not (column.name | lower).startswith('_sdc_') -%}
        {%- set marketo_name = rest_names.get(column.name | lower, column.name) -%}
        {%- set name = tap_marketo_bulk.free_name(tap_marketo_bulk.snake_case(marketo_name), used) -%}
        {%- do used.append(name) -%}
        {%- do others.append([name, column]) -%}
    {%- endfor -%}
    {{ return(others) }}
{% endmacro %}

{#
  The REST names of the lead fields by their names in lower case, from the tap's lead_describe.
  Where a loader writes column names in lower case, they tell where the words begin.
#}
{% macro rest_names() %}
    {%- set relation = load_relation(source('marketo_tap', 'lead_describe')) -%}
    {%- set column = tap_marketo_bulk.find_column(
        tap_marketo_bulk.loaded_columns(relation), 'restName'
    ) -%}
    {%- set names = {} -%}
    {%- if column -%}
        {%- set name = adapter.quote(column.name) -%}
        {%- set rows = run_query(
            'select ' ~ name ~ ' from ' ~ relation ~ ' where ' ~ name ~ ' is not null'
        ) -%}
        {%- for row in rows -%}
            {%- do names.update({row[0] | lower: row[0]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names) }}
{% endmacro %}

{# The name, or the name with the first number from 2 that makes it different from all used. #}
{% macro free_name(name, used) %}
    {%- set numbered = namespace(name=name, number=1) -%}
    {%- for _ in used if numbered.name in used -%}
        {%- set numbered.number = numbered.number + 1 -%}
        {%- set numbered.name = name ~ '_' ~ numbered.number -%}
    {%- endfor -%}
    {{ return(numbered.name) }}
{% endmacro %}
