"""The verbs: what a night does, in order; the only package that opens DuckDB."""
