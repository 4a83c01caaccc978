{{ tap_marketo_bulk.view_of('activities_email_bounced', tap_marketo_bulk.email_activity_columns([
    ['choice_number', 'integer'],
    ['step_id', 'integer'],
    ['test_variant', 'integer'],
    ['category', 'integer'],
    ['subcategory', 'integer'],
    ['details', 'string'],
    ['email', 'string']
])) }}
