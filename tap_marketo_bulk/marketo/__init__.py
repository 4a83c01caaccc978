"""Marketo's API; knows requests, not Singer.

::

    transport, response, rate_limiter, retry   HTTP, in bounded time and at a bounded rate
    auth, client                               calls with a token, repeated where that helps
    envelope, api_errors, server_text          what a response means
    limits, paging                             documented limits; pages of long results
    exports, export_job, download              bulk export jobs and their files
    describe, activity_types, deleted_leads    other calls about leads and activities
    retention                                  how long Marketo keeps activities
    object_fields, program_members,            other objects that are exported
    custom_objects
    assets, static_lists, usage                the calls of reference streams
"""
