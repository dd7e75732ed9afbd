"""Builds the sample nights and the broken exports from the tables in `data/`, always the same bytes."""
