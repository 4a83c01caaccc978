"""The command tap-marketo-bulk-jobs, against a sandbox."""
