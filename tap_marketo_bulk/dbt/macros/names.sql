{# Marketo's name of a field as a column name: leadScore is lead_score, Field__c is field_c. #}
{% macro snake_case(name) %}
    {%- set separated = modules.re.sub('(?<=[a-z0-9])(?=[A-Z])', '_', name) -%}
    {%- set joined = modules.re.sub('[\\W_]+', '_', separated) -%}
    {{ return(joined.strip('_') | lower or '_') }}
{% endmacro %}

{# The same in SQL. #}
{% macro snake_case_of(text) %}
    {{ return(adapter.dispatch('snake_case_of', 'tap_marketo_bulk')(text)) }}
{% endmacro %}

{% macro default__snake_case_of(text) %}
    {%- set separated = 'regexp_replace(' ~ text ~ ", '([a-z0-9])([A-Z])', '\\1_\\2', 'g')" -%}
    {%- set joined = 'regexp_replace(' ~ separated ~ ", '[^A-Za-z0-9]+', '_', 'g')" -%}
    {{ return('lower(trim(both ' ~ "'_' from " ~ joined ~ '))') }}
{% endmacro %}

{% macro bigquery__snake_case_of(text) %}
    {%- set separated = 'regexp_replace(' ~ text ~ ", r'([a-z0-9])([A-Z])', r'\\1_\\2')" -%}
    {%- set joined = 'regexp_replace(' ~ separated ~ ", r'[^A-Za-z0-9]+', '_')" -%}
    {{ return('lower(trim(' ~ joined ~ ", '_'))") }}
{% endmacro %}

{% macro snowflake__snake_case_of(text) %}
    {%- set separated = 'regexp_replace(' ~ text ~ ", '([a-z0-9])([A-Z])', '\\\\1_\\\\2')" -%}
    {%- set joined = 'regexp_replace(' ~ separated ~ ", '[^A-Za-z0-9]+', '_')" -%}
    {{ return('lower(trim(' ~ joined ~ ", '_'))") }}
{% endmacro %}

{# A name in quotes that is the same as without quotes. #}
{% macro quoted_name(name) %}
    {{ return(adapter.quote(name | upper if target.type == 'snowflake' else name)) }}
{% endmacro %}
