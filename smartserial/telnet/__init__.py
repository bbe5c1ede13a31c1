"""Telnet and its COM port option, as bytes and values; nothing here knows a socket or a clock."""
