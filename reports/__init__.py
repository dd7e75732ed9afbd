"""The words: one night's Audit as a page and as data files."""
