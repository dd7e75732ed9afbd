"""The catalogs on disk: one gettext file for each language, always written in the same order and form."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages import pofile
from babel.messages.catalog import Catalog, Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.extract import Text

_HERE = Path(__file__).parent
# The header holds no day and no name: the same texts give the same file.
_HEADER = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: {language}\\n"
"Plural-Forms: {plural_forms}\\n"

"""


def path_of(language: str) -> Path:
    """Return the file of a language's catalog."""
    return _HERE / "locale" / language / "LC_MESSAGES" / "messages.po"


def read(path: Path, language: str) -> Catalog:
    """Read a catalog; one that is not there yet is empty. Raises PoFileError for a file that is none."""
    if not path.exists():
        return Catalog(language)
    with path.open("rb") as file:
        return pofile.read_po(file, language, abort_invalid=True)


def key(message: Message) -> str:
    """Return the English text by which a message is found; of one with a plural, the singular."""
    return message.id if isinstance(message.id, str) else message.id[0]


def forms(message: Message) -> tuple[str, ...]:
    """Return the translations of a message, one for each of the language's forms if it has a plural."""
    return (message.string or "",) if isinstance(message.string, str | None) else tuple(message.string)


def renewed(old: Catalog, texts: Iterable[Text]) -> Catalog:
    """Return a catalog of these texts in their order, with the translations that the old one has of them."""
    new = Catalog(old.locale)
    plurals: dict[str, str] = {}
    for text in texts:
        plurals[text.one] = plurals.get(text.one) or text.many
    for one, many in plurals.items():
        new[one] = _message(old, (one, many) if many else one)
    return new


def _message(old: Catalog, text: str | tuple[str, str]) -> Message:
    """Return a message with its old translation, as far as that has a plural where this one has."""
    known = old.get(text[0] if isinstance(text, tuple) else text)
    if known is None or isinstance(known.id, str) is not isinstance(text, str):
        return Message(text, ("",) * old.num_plurals if isinstance(text, tuple) else "")
    return Message(text, known.string, flags=known.flags & {"fuzzy"}, user_comments=known.user_comments)


def written(catalog: Catalog) -> bytes:
    """Return a catalog as its file holds it."""
    body = BytesIO()
    pofile.write_po(body, catalog, width=0, omit_header=True, no_location=True, ignore_obsolete=True)
    header = _HEADER.format(language=catalog.locale, plural_forms=catalog.plural_forms)
    return header.encode() + body.getvalue()
