"""Moving in: the configurations of other programs, read and written anew as ours.

Each format has a parser from text to values with their places; the values become shares (`form`), and
the shares a file (`writer`), which the checker judges before anybody sees it.
"""
