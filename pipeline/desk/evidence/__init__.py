"""What stands behind the findings on one customer, as one file."""
