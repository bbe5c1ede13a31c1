"""Serial ports of this machine."""
