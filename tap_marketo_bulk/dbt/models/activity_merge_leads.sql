{{ tap_marketo_bulk.view_of('activities_merge_leads', tap_marketo_bulk.activity_columns([
    ['master_updated', 'boolean'],
    ['merge_ids', 'string'],
    ['merge_source', 'string'],
    ['merged_in_sales', 'boolean']
])) }}
