"""What analysts have decided about findings."""
