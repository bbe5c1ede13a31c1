"""A share as a service: its clients, its device, the rules between them, and the account of each byte."""
