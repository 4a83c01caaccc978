{#
  restname is the name of the column in the view lead, in place of Marketo's REST name.
  dbt_marketo turns REST names into column names with an expression that only some databases
  evaluate as intended; column names pass through it unchanged, so its lead history has values in
  all of them.
#}
with fields as (
    {{ tap_marketo_bulk.view_of('lead_describe', [
        ['id', 'integer'],
        ['display_name', 'string', 'displayName'],
        ['data_type', 'string', 'dataType'],
        ['length', 'integer'],
        ['rest_name', 'string', 'restName'],
        ['restread_only', 'boolean', 'restReadOnly'],
        ['soapname', 'string', 'soapName'],
        ['soapread_only', 'boolean', 'soapReadOnly'],
        tap_marketo_bulk.load_time()
    ]) }}
)

select
    id,
    display_name,
    data_type,
    length,
    {{ tap_marketo_bulk.snake_case_of('rest_name') }} as restname,
    restread_only,
    soapname,
    soapread_only,
    _fivetran_synced
from fields
