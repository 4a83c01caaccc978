{#
  The SELECT of a view of one table of the tap.

  columns: for each column of the view a list of
    1. its name,
    2. its type: integer, string, boolean, timestamp, or is_set, which is whether there is a value,
    3. the table's column, or several of which the first that exists is used; by default the
       column of the same name,
    4. the member to take of the JSON object in it; without it, the column's value is taken,
    5. the type that the object must have in its member "type"; otherwise the value is null.
  A column that the table lacks is null. Without the table, the view has no rows.

  with_other_columns: whether the table's other columns follow, with their types and with names in
  snake_case.
#}
{% macro view_of(table, columns, with_other_columns=false) %}
{%- set relation = load_relation(source('marketo_tap', table)) -%}
{%- set loaded = tap_marketo_bulk.loaded_columns(relation) -%}
select
{%- for column in columns %}
    {{ tap_marketo_bulk.column_of_view(loaded, column) }}{{ ',' if not loop.last }}
{%- endfor %}
{%- if with_other_columns %}
{%- for name, column in tap_marketo_bulk.other_columns(loaded, columns) %},
    {{ adapter.quote(column.name) }} as {{ tap_marketo_bulk.quoted_name(name) }}
{%- endfor %}
{%- endif %}
{{ tap_marketo_bulk.from_relation(relation) }}
{%- endmacro %}

{% macro column_of_view(loaded, column) %}
{%- set name, type = column[0], column[1] -%}
{%- set found = tap_marketo_bulk.source_of(loaded, column) -%}
{%- if type == 'is_set' -%}
    {{ adapter.quote(found.name) ~ ' is not null' if found else 'cast(false as boolean)' }}
{%- elif found is none -%}
    cast(null as {{ tap_marketo_bulk.type_name(type) }})
{%- elif column | length > 3 -%}
    {%- set object = adapter.quote(found.name) -%}
    {%- set value = tap_marketo_bulk.text_as(tap_marketo_bulk.json_text(object, column[3]), type) -%}
    {%- if column | length > 4 -%}
    case when {{ tap_marketo_bulk.json_text(object, 'type') }} = '{{ column[4] }}' then {{ value }} end
    {%- else -%}
    {{ value }}
    {%- endif -%}
{%- elif found.is_string() -%}
    {{ tap_marketo_bulk.text_as(adapter.quote(found.name), type) }}
{%- else -%}
    cast({{ adapter.quote(found.name) }} as {{ tap_marketo_bulk.type_name(type) }})
{%- endif %} as {{ tap_marketo_bulk.quoted_name(name) }}
{%- endmacro %}

{% macro source_of(loaded, column) %}
    {{ return(tap_marketo_bulk.find_column(loaded, column[2] if column | length > 2 else column[0])) }}
{% endmacro %}

{# Every dialect allows LIMIT without FROM; not every one allows WHERE. #}
{% macro from_relation(relation) %}
{{- 'from ' ~ relation if relation else 'limit 0' }}
{%- endmacro %}
