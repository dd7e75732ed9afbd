"""How long things are kept, and how one customer's data goes for good."""
