"""TLS below protocols, and the files that it needs."""
