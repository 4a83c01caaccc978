"""What a user selects: Singer streams, bookmarks, catalog."""
