{{ tap_marketo_bulk.view_of('activities_unsubscribe_email', tap_marketo_bulk.email_activity_columns([
    ['test_variant', 'integer'],
    ['client_ip_address', 'string'],
    ['form_fields', 'string'],
    ['query_parameters', 'string'],
    ['referrer_url', 'string'],
    ['user_agent', 'string'],
    ['webform_id', 'integer'],
    ['webpage_id', 'integer']
])) }}
