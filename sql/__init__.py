"""The rules: SQL files and dated policy data; nothing here is Python."""
