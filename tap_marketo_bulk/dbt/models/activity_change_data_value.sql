{{ tap_marketo_bulk.view_of('activities_change_data_value', tap_marketo_bulk.activity_columns([
    ['new_value', 'string'],
    ['old_value', 'string'],
    ['reason', 'string'],
    ['source', 'string'],
    ['api_method_name', 'string'],
    ['modifying_user', 'string'],
    ['request_id', 'string']
])) }}
