"""Tests of the command ``tap-marketo-bulk-jobs``, with a sandbox."""
