"""The columns of the reference streams, by Marketo's names.

Source: Adobe, the guides of the assets and the endpoint reference. What a response has beyond
them is kept in the column ``other``.
"""

from __future__ import annotations

from tap_marketo_bulk.extract.field_types import (
    ARRAY,
    ATTRIBUTES,
    BOOLEAN,
    DATE,
    DATE_TIME,
    INTEGER,
    TEXT,
    FieldType,
)

Columns = dict[str, FieldType]

OBJECT = ATTRIBUTES
_ASSET: Columns = {
    "id": INTEGER,
    "name": TEXT,
    "description": TEXT,
    "createdAt": DATE_TIME,
    "updatedAt": DATE_TIME,
}
# Where an asset is, and whether it is in use.
_PLACE: Columns = {"url": TEXT, "folder": OBJECT, "status": TEXT, "workspace": TEXT}

LEAD_DESCRIBE: Columns = {
    "id": INTEGER,
    "displayName": TEXT,
    "dataType": TEXT,
    "length": INTEGER,
    "restName": TEXT,
    "restReadOnly": BOOLEAN,
    "soapName": TEXT,
    "soapReadOnly": BOOLEAN,
}
ACTIVITY_TYPES: Columns = {
    "id": INTEGER,
    "name": TEXT,
    "description": TEXT,
    "primaryAttribute": OBJECT,
    "attributes": ARRAY,
}
PROGRAMS: Columns = {
    **_ASSET,
    **_PLACE,
    "type": TEXT,
    "channel": TEXT,
    "headStart": BOOLEAN,
    "startDate": DATE_TIME,
    "endDate": DATE_TIME,
    "sfdcId": TEXT,
    "sfdcName": TEXT,
}
CAMPAIGNS: Columns = {
    **_ASSET,
    "computedUrl": TEXT,
    "folder": OBJECT,
    "parentProgramId": INTEGER,
    "status": TEXT,
    "workspace": TEXT,
    "type": TEXT,
    "isSystem": BOOLEAN,
    "isActive": BOOLEAN,
    "isRequestable": BOOLEAN,
    "isCommunicationLimitEnabled": BOOLEAN,
    "maxMembers": INTEGER,
    "recurrence": OBJECT,
    "qualificationRuleType": TEXT,
    "qualificationRuleInterval": INTEGER,
    "qualificationRuleUnit": TEXT,
    "smartListId": INTEGER,
    "flowId": INTEGER,
}
LISTS: Columns = {
    **_ASSET,
    "computedUrl": TEXT,
    "folder": OBJECT,
    # Of the Lead Database API.
    "programName": TEXT,
    "workspaceName": TEXT,
}
SMART_LISTS: Columns = {**_ASSET, "url": TEXT, "folder": OBJECT, "workspace": TEXT}
EMAILS: Columns = {
    **_ASSET,
    **_PLACE,
    "subject": OBJECT,
    "fromName": OBJECT,
    "fromEmail": OBJECT,
    "replyEmail": OBJECT,
    "preHeader": TEXT,
    "ccFields": ARRAY,
    "template": INTEGER,
    "operational": BOOLEAN,
    "textOnly": BOOLEAN,
    "publishToMSI": BOOLEAN,
    "webView": BOOLEAN,
    "isOpenTrackingDisabled": BOOLEAN,
    "autoCopyToText": BOOLEAN,
    "version": INTEGER,
}
EMAIL_TEMPLATES: Columns = {**_ASSET, **_PLACE, "version": INTEGER}
LANDING_PAGES: Columns = {
    **_ASSET,
    "URL": TEXT,
    "computedUrl": TEXT,
    "folder": OBJECT,
    "status": TEXT,
    "workspace": TEXT,
    "template": INTEGER,
    "title": TEXT,
    "keywords": TEXT,
    "robots": TEXT,
    "formPrefill": BOOLEAN,
    "mobileEnabled": BOOLEAN,
    "customHeadHTML": TEXT,
    "facebookOgTags": TEXT,
}
FORMS: Columns = {
    **_ASSET,
    "url": TEXT,
    "folder": OBJECT,
    "status": TEXT,
    "theme": TEXT,
    "language": TEXT,
    "locale": TEXT,
    "progressiveProfiling": BOOLEAN,
    "labelPosition": TEXT,
    "fontFamily": TEXT,
    "fontSize": TEXT,
    "knownVisitor": OBJECT,
    "thankYouList": ARRAY,
    "buttonLocation": INTEGER,
    "buttonLabel": TEXT,
    "waitingLabel": TEXT,
}
SEGMENTATIONS: Columns = {**_ASSET, **_PLACE}
SEGMENTS: Columns = {**_ASSET, "url": TEXT, "segmentationId": INTEGER, "status": TEXT}
CHANNELS: Columns = {
    "id": INTEGER,
    "name": TEXT,
    "applicableProgramType": TEXT,
    "progressionStatuses": ARRAY,
    "createdAt": DATE_TIME,
    "updatedAt": DATE_TIME,
}
TAGS: Columns = {"tagType": TEXT, "applicableProgramTypes": ARRAY, "required": BOOLEAN}
FOLDERS: Columns = {
    "id": INTEGER,
    "type": TEXT,
    "name": TEXT,
    "description": TEXT,
    "createdAt": DATE_TIME,
    "updatedAt": DATE_TIME,
    "url": TEXT,
    "folderType": TEXT,
    "parent": OBJECT,
    "path": TEXT,
    "isArchive": BOOLEAN,
    "isSystem": BOOLEAN,
    "accessZoneId": INTEGER,
    "workspace": TEXT,
}
USAGE: Columns = {
    "date": DATE,
    "total": INTEGER,
    "users": ARRAY,
    "errorTotal": INTEGER,
    "errors": ARRAY,
}
