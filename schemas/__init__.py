"""The nouns: one module per table, one line per column, and the finding that goes out."""
