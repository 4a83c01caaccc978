"""Singer tap for Adobe Marketo's Bulk Extract."""
