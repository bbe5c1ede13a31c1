"""I/O: transports, devices and listeners. Bytes are moved here, nothing is decided about them."""
