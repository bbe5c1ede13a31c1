"""Bytes in, messages out: definitions at work, without any I/O."""
