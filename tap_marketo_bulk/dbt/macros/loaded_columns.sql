{# The columns of a relation; none where there is no relation. #}
{% macro loaded_columns(relation) %}
    {{ return(adapter.get_columns_in_relation(relation) if relation else []) }}
{% endmacro %}

{#
  The first column that has one of the wanted names, which are the tap's; none if there is none.

  Loaders change names: createdAt is also found as CREATEDAT, createdat and created_at. The same
  name goes first, then other letter case, then other underscores.
#}
{% macro find_column(loaded, wanted) %}
    {%- for name in ([wanted] if wanted is string else wanted) -%}
        {%- set lower = name | lower -%}
        {%- set letters = lower | replace('_', '') -%}
        {%- set alike = loaded | selectattr('name', 'equalto', name) | list -%}
        {%- for column in loaded if column.name | lower == lower -%}
            {%- do alike.append(column) -%}
        {%- endfor -%}
        {%- for column in loaded if column.name | lower | replace('_', '') == letters -%}
            {%- do alike.append(column) -%}
        {%- endfor -%}
        {%- if alike -%}
            {{ return(alike[0]) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}
