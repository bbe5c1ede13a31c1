"""From elements to the values that they mean.

Reading never complains: what cannot be understood is left out, or left at its default. The checker reads the
same elements by the same small parsers, and says what is wrong.
"""
