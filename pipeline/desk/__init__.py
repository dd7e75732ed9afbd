"""The analyst's desk: what the commands answer by day, read from the warehouse of the newest night."""
