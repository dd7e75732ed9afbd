"""What was accepted, by whom, why and until when."""
