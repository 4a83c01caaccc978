"""A Marketo subscription on loopback, to try things on."""
