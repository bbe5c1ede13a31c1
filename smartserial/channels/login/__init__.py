"""The login before a session, and who knows the passwords."""
