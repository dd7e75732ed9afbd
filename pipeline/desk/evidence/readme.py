"""What the README of an evidence pack says."""

README = """\
EVIDENCE ON ONE CUSTOMER, PACKED BY CSP-AUDIT

manifest.json   The customer, the run, the rules' versions, and every input with its size, rows and SHA-256 as the run
                read it. `read_again` says whether the export still was what the run read when this was packed.
                `unread_tables` names exports with rows of the customer that could not be read, and so are not here.
findings.json   Every finding that the customer has had: its state on the night of the run, all that it said and when
                (`said`), what happened to it (`events`), and when it was waived (`waived`).
rows.csv        One line for each row of the exports that names the customer, that prices one of its offers, or that
                describes the partner that transacts. `line` is where the row begins in the export, counted from 1
                with the header; it takes `lines` lines, or `bytes` bytes from `offset` on. `sha256` is the hash of
                those bytes, the line break at their end included.
                `text` is for reading: line breaks are spaces, and an apostrophe keeps a spreadsheet from computing.
                Where `read_from` says warehouse, the export was gone or had changed: `text` is the row as it was
                loaded, and there is no raw line.
rows.json       The same rows as the rules saw them.
raw/            The same rows byte for byte, behind the header of their export and in its encoding.
rules/          Each rule that reports one of the findings: why it is there, what to do, its source, and its SQL.
SHA256SUMS      The SHA-256 of every other file in this pack.

HOW TO CHECK IT

Nothing in this pack was changed since it was packed:
    sha256sum --check SHA256SUMS
An export that you hold is the one that the run read; compare with manifest.json:
    sha256sum FILE
A raw line stands in that export; compare with its `sha256` in rows.csv:
    tail -c +$((OFFSET + 1)) FILE | head -c BYTES | sha256sum
The same evidence can be packed again: the same command on the same warehouse and exports gives the same bytes.
"""
