"""Tests of the streams: typed activities, deleted leads, lists, filters and file formats."""
