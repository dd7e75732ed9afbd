"""Why there is a finding, what to do, and what became of it."""
