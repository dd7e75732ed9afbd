"""Whether a customer may be sold a segment, or an offer."""
