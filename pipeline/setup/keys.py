"""What each key of the configuration is for, in one line; a test holds this list to the models, key by key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """A key's line, and a value to show where the default shows none; for a table of sections, the name of one."""

    about: str
    example: object = None


KEYS = {
    "partner": Key("Who sells, as the report names it."),
    "language": Key("Language of the report: en, pl or it."),
    "state": Key("Where the warehouse, the reports and the log are. For systemd, ReadWritePaths names it as well."),
    "waivers": Key("The waivers file; by default waivers.toml in the state directory.", "/etc/csp-audit/waivers.toml"),
    "memory_limit": Key("Memory for DuckDB; beyond it data goes to disk. The program itself takes up to 0.4 GB more."),
    "threads": Key("How many processors the work on rows may use."),
    "keep": Key("How many earlier warehouses are kept."),
    "watch": Key("What watches the runs from outside."),
    "watch.ping_url": Key(
        "Address that is called after a run with exit code 0 or 1, and with /fail behind it after any other."
    ),
    "watch.metrics_file": Key(
        "Prometheus textfile. For systemd, add its folder to ReadWritePaths.",
        "/var/lib/prometheus/node-exporter/csp_audit.prom",
    ),
    "watch.keep_logs": Key("How many logs of earlier runs are kept."),
    "answer_times": Key(
        "Business days until an answer is late, in place of those of csp-audit rules policy.", {"Education": 5}
    ),
    "gate": Key("When an export is refused, so that the night is not audited."),
    "gate.max_age_hours": Key(
        "Hours that a required export may be old, back from the end of the night (midnight UTC)."
    ),
    "gate.max_shrink_share": Key("Fewer rows than on the last good night by more than this share ..."),
    "gate.max_shrink_rows": Key(
        "... and by more than this many. With a share below 0.5, half of a longer file is refused too."
    ),
    "gate.may_be_empty": Key('Tables that may have a header and no rows, as in ["qualifications"].'),
    "gate.may_link_outside": Key("Whether an export may be a symbolic link that leads out of its folder."),
    "unread": Key("How many rows may go unread before a night counts as not audited; both bounds must be passed."),
    "unread.max_share": Key("Share of a file's rows."),
    "unread.max_rows": Key("Rows of a file."),
    "unread.kept_rows": Key("How many are kept for each file, in the quarantine; counts are always exact."),
    "breaker": Key("When a rule is suspect, so that its findings are counted apart: it must pass max_share and times."),
    "breaker.max_share": Key("Share of the customers that the rule reports."),
    "breaker.times": Key("So many times its usual number of customers, which counts as at least one."),
    "breaker.nights": Key("The usual number is the median of so many last nights, without suspect ones."),
    "breaker.least_nights": Key("With fewer nights to go by, no rule is suspect."),
    "limits": Key("What no honest export passes; a file that does is refused."),
    "limits.max_line_bytes": Key("Bytes of a line."),
    "limits.max_columns": Key("Columns of a header."),
    "limits.max_file_gb": Key("Size of a file, in 10^9 bytes."),
    "privacy": Key("Who may read what is written."),
    "privacy.readable_by": Key("owner, group or all; only the owner ever writes."),
    "retention": Key("How much is kept, beside the warehouses of `keep` and the logs of watch.keep_logs."),
    "retention.runs": Key("Folders of nights, the newest first."),
    "retention.refused": Key("Records of nights that were not audited."),
    "retention.mail_days": Key("Where nobody sends any more: days after which prune sets waiting mail aside."),
    "mail": Key("Who is mailed. Without this section nobody is."),
    "mail.host": Key("The mail server.", "mail.lipowa.example"),
    "mail.sender": Key("One address, with or without a name.", "CSP audit <audit@lipowa.example>"),
    "mail.port": Key("By default 587 for starttls, 465 for tls, 25 for none.", 587),
    "mail.security": Key("starttls or tls; none to this machine only, or with allow_plain = true."),
    "mail.allow_plain": Key("Whether customers' names may go to another machine in the clear."),
    "mail.user": Key("Whom to log in as; empty: nobody."),
    "mail.password_file": Key("Holds the password, mode 0600. It never stands in this file.", "/etc/csp-audit/smtp"),
    "mail.ca_file": Key("The one authority to trust; by default those of the system.", "/etc/ssl/lipowa-ca.pem"),
    "mail.timeout_seconds": Key("How long the server may take to answer."),
    "mail.attempts": Key("How often a message is tried in one run, 1 to 5; after that it waits for the next."),
    "mail.list_id": Key("Identity of the mails' list; by default csp-audit. and the sender's domain."),
    "mail.report_url": Key("Where the report can be opened, if anywhere; may hold {as_of}."),
    "mail.reseller_report_url": Key("The same for a reseller's report; holds {reseller}."),
    "mail.attach_csv": Key("Whether findings.csv is attached."),
    "mail.resellers": Key(
        "CSV file of resellers that get an edition of their own: reseller_id, address, language.",
        "/etc/csp-audit/resellers.csv",
    ),
    "mail.recipients": Key("One such section for each recipient."),
    "mail.recipients.address": Key("A plain address.", "licensing@lipowa.example"),
    "mail.recipients.language": Key("en, pl or it."),
    "mail.recipients.level": Key("The least serious level that is listed: violation, deadline or verify."),
    "mail.recipients.only": Key("always; findings: where there is one of that level; failure: not audited."),
    "tables": Key("What an export is, where a file cannot tell; one such section for each table.", "subscriptions"),
    "tables.max_age_hours": Key("In place of gate.max_age_hours; other tables have no limit.", 36),
    "tables.encoding": Key("utf-8, utf-16-le, utf-16-be, cp1250 or cp1252.", "cp1250"),
    "tables.delimiter": Key("One sign.", ";"),
    "tables.date_order": Key(
        'What comes first in dates with slashes: "day first" or "month first".', {"creation_date": "day first"}
    ),
}
