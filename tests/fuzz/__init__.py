"""Looks for bytes that the telnet code does not stand; see README.md."""
