{# The load time: where the loader does not add its columns, it is not known. #}
{% macro load_time() %}
    {{ return(['_fivetran_synced', 'timestamp', ['_sdc_batched_at', '_sdc_extracted_at']]) }}
{% endmacro %}

{# The columns of a view of activities: those of every type, then those of its own. #}
{% macro activity_columns(own) %}
    {{ return([
        ['id', 'string', 'marketoGUID'],
        ['lead_id', 'integer', 'leadId'],
        ['activity_date', 'timestamp', 'activityDate'],
        ['activity_type_id', 'integer', 'activityTypeId'],
        ['campaign_id', 'integer', 'campaignId'],
        ['primary_attribute_value_id', 'integer', 'primaryAttributeValueId'],
        ['primary_attribute_value', 'string', 'primaryAttributeValue'],
        tap_marketo_bulk.load_time()
    ] + own) }}
{% endmacro %}

{# The same for activities of an email, whose id is the primary attribute. #}
{% macro email_activity_columns(own) %}
    {{ return(tap_marketo_bulk.activity_columns([
        ['email_template_id', 'integer', ['mailing_id', 'primaryAttributeValueId']],
        ['campaign_run_id', 'integer']
    ] + own)) }}
{% endmacro %}
