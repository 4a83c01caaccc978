{{ tap_marketo_bulk.view_of('deleted_leads', tap_marketo_bulk.activity_columns([
    ['campaign', 'string', 'attributes', 'Campaign']
])) }}
