"""What a user selects: typed activities, deleted leads, lists and filters."""
