{{ tap_marketo_bulk.view_of('activities_send_email', tap_marketo_bulk.email_activity_columns([
    ['action_result', 'string', 'actionResult'],
    ['choice_number', 'integer'],
    ['step_id', 'integer'],
    ['test_variant', 'integer']
])) }}
