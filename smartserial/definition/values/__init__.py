"""Bytes, values, and texts for people: how one becomes another."""
