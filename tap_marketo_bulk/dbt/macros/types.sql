{# The type's name in the dialect. Numbers of Marketo can be larger than 32 bits. #}
{% macro type_name(type) %}
    {%- set names = {
        'integer': dbt.type_bigint(),
        'string': dbt.type_string(),
        'boolean': dbt.type_boolean(),
        'timestamp': dbt.type_timestamp(),
    } -%}
    {{ return(names[type]) }}
{% endmacro %}

{# Text as a value of the type; null where it does not fit. #}
{% macro text_as(text, type) %}
    {{ return(adapter.dispatch('text_as', 'tap_marketo_bulk')(text, type)) }}
{% endmacro %}

{% macro default__text_as(text, type) %}
    {{ return(dbt.safe_cast(text, tap_marketo_bulk.type_name(type))) }}
{% endmacro %}

{% macro postgres__text_as(text, type) %}
    {#- PostgreSQL has no cast that returns null. -#}
    {%- set fits = {
        'integer': "'^[+-]?[0-9]{1,18}$'",
        'boolean': "'^(true|false|0|1)$'",
        'timestamp': "'^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?$'",
    } -%}
    {%- set value = 'cast(' ~ text ~ ' as ' ~ tap_marketo_bulk.type_name(type) ~ ')' -%}
    {%- if type in fits -%}
        {{ return('case when ' ~ text ~ ' ~ ' ~ fits[type] ~ ' then ' ~ value ~ ' end') }}
    {%- endif -%}
    {{ return(value) }}
{% endmacro %}

{% macro duckdb__text_as(text, type) %}
    {#- Its try_cast also accepts numbers such as 1e5. -#}
    {{ return(tap_marketo_bulk.postgres__text_as(text, type)) }}
{% endmacro %}

{# A member of the JSON object in a column, as text. The column is of a JSON type, or text. #}
{% macro json_text(column, member) %}
    {{ return(adapter.dispatch('json_text', 'tap_marketo_bulk')(column, member)) }}
{% endmacro %}

{% macro default__json_text(column, member) %}
    {{ return('json_value(' ~ column ~ ", '$.\"" ~ member ~ "\"')") }}
{% endmacro %}

{% macro postgres__json_text(column, member) %}
    {{ return('(cast(' ~ column ~ " as jsonb) ->> '" ~ member ~ "')") }}
{% endmacro %}

{% macro duckdb__json_text(column, member) %}
    {{ return('json_extract_string(' ~ column ~ ", '$.\"" ~ member ~ "\"')") }}
{% endmacro %}

{% macro snowflake__json_text(column, member) %}
    {{ return('get(try_parse_json(to_varchar(' ~ column ~ ")), '" ~ member ~ "')::varchar") }}
{% endmacro %}
