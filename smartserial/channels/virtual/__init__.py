"""Virtual ports: pseudo-terminals that programs on this machine open."""
