"""Shares and devices over UDP."""
