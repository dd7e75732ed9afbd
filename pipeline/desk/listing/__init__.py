"""The findings of a night, and those that somebody chooses."""
