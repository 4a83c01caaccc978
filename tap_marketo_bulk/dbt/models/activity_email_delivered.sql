{{ tap_marketo_bulk.view_of('activities_email_delivered', tap_marketo_bulk.email_activity_columns([
    ['choice_number', 'integer'],
    ['step_id', 'integer'],
    ['test_variant', 'integer']
])) }}
