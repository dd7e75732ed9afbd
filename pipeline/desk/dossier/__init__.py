"""All that is known of one customer."""
