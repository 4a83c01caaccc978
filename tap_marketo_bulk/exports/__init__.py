"""Export jobs in Marketo, from their creation to their verified files."""
