{{ tap_marketo_bulk.view_of('activities_open_email', tap_marketo_bulk.email_activity_columns([
    ['choice_number', 'integer'],
    ['step_id', 'integer'],
    ['test_variant', 'integer'],
    ['device', 'string'],
    ['is_mobile_device', 'boolean'],
    ['platform', 'string'],
    ['user_agent', 'string']
])) }}
