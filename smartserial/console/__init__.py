"""The console: text verbs on a unix socket, on telnet and on the command line."""
