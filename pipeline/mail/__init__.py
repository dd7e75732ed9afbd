"""The post: from a night's messages to a mail server, through an outbox on disk."""
