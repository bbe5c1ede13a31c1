"""From values back to the elements that mean them.

Reading what was written gives the same values; a value at its default is left out where the format lets it.
"""
