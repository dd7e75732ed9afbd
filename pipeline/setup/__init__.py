"""What `csp-audit init` writes: the configuration, and what cron or systemd needs to run the audit every night."""
