"""The connections of elements."""
