"""Text as it is set: runs, lines, marks of hidden characters."""
