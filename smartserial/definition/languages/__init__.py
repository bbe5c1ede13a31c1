"""The small languages in texts of a definition: one module each, with values, a parser and a printer.

Parsers never raise: they return what they understood, and what is wrong.
"""
