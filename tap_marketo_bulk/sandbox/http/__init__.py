"""The HTTP API: server, routes, handlers, tokens, call limits and fault injection."""
