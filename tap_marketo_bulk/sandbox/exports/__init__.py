"""Bulk Extract: export definitions, export files, export jobs and their quota."""
