"""Which findings would appear or vanish."""
