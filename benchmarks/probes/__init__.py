"""Checks of the real program against the figures that it promises to hold under bad conditions."""
