"""Telnet and RFC 2217 below protocols, and remote ports."""
