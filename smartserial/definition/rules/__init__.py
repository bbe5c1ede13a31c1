"""What can be wrong with a definition: one function and one line of a table for each rule."""
