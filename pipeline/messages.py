"""`make messages`: brings the catalogs up to date with all texts, those of the rule files too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pipeline.rulefile import RULES_FOLDER, read_rule
from reports import catalog, extract
from reports.languages import TRANSLATED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.finding import Rule


def texts() -> list[extract.Text]:
    """Return every text that a page or a mail translates. Raises RuleFileError for a rule file that is wrong."""
    rules = [
        extract.Text(text, "", f"sql/rules/{path.name}")
        for path in sorted(RULES_FOLDER.glob("*.sql"))
        for text in _of_rule(read_rule(path).rule)
    ]
    return extract.texts() + rules


def _of_rule(rule: Rule) -> Iterator[str]:
    yield rule.title
    yield rule.message
    yield rule.why
    yield from rule.steps
    yield from rule.not_judged.values()


def main() -> None:
    """Renew every catalog: new texts come without a translation, those that nobody says any more go."""
    wanted = texts()
    for language in TRANSLATED:
        path = catalog.path_of(language)
        old = catalog.read(path, language)
        new = catalog.renewed(old, wanted)
        path.parent.mkdir(parents=True, exist_ok=True)
        told = catalog.written(new)
        if not path.exists() or path.read_bytes() != told:
            new_file = path.with_suffix(".new")
            new_file.write_bytes(told)
            new_file.replace(path)
        missing = sum(1 for message in new if not all(catalog.forms(message)))
        sys.stdout.write(f"{language}: {len(new)} texts, {missing} not translated\n")


if __name__ == "__main__":
    main()
