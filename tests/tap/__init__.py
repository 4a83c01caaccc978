"""The whole tap, in this process, against a sandbox on the same clock."""
