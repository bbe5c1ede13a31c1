"""Streams of captured bytes: cut answer by answer, read field by field, and found again on the wire."""
