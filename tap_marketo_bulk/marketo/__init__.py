"""Marketo's API; knows requests, not Singer.

::

    limits      every limit that Marketo documents, with its source
    transport   what each request carries, how often calls are made and repeated
    responses   a response -> its result, or the error for its error code
    auth        the access token
    client      calls: with a token, within the rate limit, repeated if that can help
    exports     export requests, export jobs, and the calls of Bulk Extract
    download    the file of a completed job, verified byte for byte
    describe    fields of objects, and activity types
    lists       lists in pages: assets, static lists, deleted leads, API usage
"""
