{{ tap_marketo_bulk.view_of('programs', [
    ['id', 'integer'],
    ['name', 'string'],
    ['description', 'string'],
    ['type', 'string'],
    ['channel', 'string'],
    ['status', 'string'],
    ['created_at', 'timestamp', 'createdAt'],
    ['updated_at', 'timestamp', 'updatedAt'],
    ['start_date', 'timestamp', 'startDate'],
    ['end_date', 'timestamp', 'endDate'],
    ['sfdc_id', 'string', 'sfdcId'],
    ['sfdc_name', 'string', 'sfdcName'],
    ['url', 'string'],
    ['workspace', 'string'],
    ['_fivetran_deleted', 'is_set', '_sdc_deleted_at'],
    tap_marketo_bulk.load_time()
]) }}
