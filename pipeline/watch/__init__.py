"""What a watchdog reads: the log, the status, a ping, metrics."""
