"""Every language says everything, in its own numbers, days and plurals."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from string import Formatter
from typing import TYPE_CHECKING

import pytest
from babel.messages.catalog import Catalog

from pipeline import messages
from reports import catalog, extract
from reports.languages import LANGUAGES, TRANSLATED, LocalWords, Translations, load, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TEXTS = messages.texts()
EACH = pytest.mark.parametrize("language", TRANSLATED)
_VALUE = re.compile(r"%\(\w+\)s")
_TAG = re.compile(r"<[^>]+>")
_PLURALS = {"pl": 3, "it": 2}


def values(text: str) -> set[str]:
    """Return what is filled into a text."""
    fields = {f"{{{name}}}" for _, name, _, _ in Formatter().parse(text) if name} if "{" in text else set()
    return {*_VALUE.findall(text), *fields}


def edges(text: str) -> tuple[bool, bool]:
    return text[:1].isspace(), text[-1:].isspace()


def problems(known: Catalog, texts: Iterable[extract.Text]) -> list[str]:
    """Return what a catalog lacks of these texts, and what it has too much."""
    wanted = {text.one: "" for text in texts} | {text.one: text.many for text in texts if text.many}
    found = {catalog.key(message): message for message in known if message.id}
    return [
        *(f"missing: {one}" for one in wanted.keys() - found.keys()),
        *(f"said by nobody: {one}" for one in found.keys() - wanted.keys()),
        *(f"said by nobody: {one}" for one in known.obsolete),
        *(f"in doubt: {one}" for one, message in found.items() if message.fuzzy),
        *(
            f"{problem}: {one}"
            for one, many in wanted.items()
            if one in found
            for problem in wrong(one, many, catalog.forms(found[one]), known.num_plurals)
        ),
    ]


def wrong(one: str, many: str, forms: tuple[str, ...], plurals: int) -> Iterator[str]:
    if not all(forms):
        yield "not translated"
        return
    if len(forms) != (plurals if many else 1):
        yield f"{len(forms)} forms"
    for place, form in enumerate(forms):
        # The first form is for one only, in each of our languages: like the English one it may say so in a word.
        allowed = [values(many or one), values(one)] if place == 0 else [values(many)]
        if values(form) not in allowed:
            yield f"values {sorted(values(form))}"
        if sorted(_TAG.findall(form)) not in (sorted(_TAG.findall(one)), sorted(_TAG.findall(many or one))):
            yield "markup"
        if edges(form) != edges(one):
            yield "a space before or behind it"


@EACH
def test_every_text_is_translated(language: str) -> None:
    known = catalog.read(catalog.path_of(language), language)
    assert problems(known, TEXTS) == []
    assert known.num_plurals == _PLURALS[language]
    assert len(known) > 500


@EACH
def test_catalog_is_as_make_messages_writes_it(language: str) -> None:
    path = catalog.path_of(language)
    assert catalog.written(catalog.renewed(catalog.read(path, language), TEXTS)) == path.read_bytes()


@pytest.mark.parametrize(
    ("one", "many", "string", "flags", "problem"),
    [
        ("A sale.", "", "Sprzedaż.", (), ""),
        ("A sale.", "", "", (), "not translated: A sale."),
        ("A sale.", "", "Sprzedaż.", ("fuzzy",), "in doubt: A sale."),
        ("Another.", "", "Inna.", (), "missing: A sale."),
        ("A sale.", "", "Sprzedaż. ", (), "a space before or behind it: A sale."),
        ("A sale.", "", "Sprzedaż {seats}.", (), "values ['{seats}']: A sale."),
        ("A sale.", "", "<b>Sprzedaż.</b>", (), "markup: A sale."),
        ("%(n)s sale", "%(n)s sales", ("%(n)s sprzedaż", "%(n)s sprzedaże", "%(n)s sprzedaży"), (), ""),
        ("one sale", "%(n)s sales", ("jedna sprzedaż", "%(n)s sprzedaże", "%(n)s sprzedaży"), (), ""),
        ("%(n)s sale", "%(n)s sales", ("%(n)s sprzedaż", "sprzedaże", "%(n)s sprzedaży"), (), "values []: %(n)s sale"),
        ("%(n)s sale", "%(n)s sales", ("%(n)s sprzedaż", "%(n)s sprzedaży"), (), "2 forms: %(n)s sale"),
        ("%(n)s sale", "%(n)s sales", ("%(n)s sprzedaż", "", ""), (), "not translated: %(n)s sale"),
    ],
)
def test_a_text_that_is_not_said_well_is_told(
    one: str, many: str, string: str | tuple[str, ...], flags: tuple[str, ...], problem: str
) -> None:
    known = Catalog("pl")
    known.add((one, many) if many else one, string, flags=flags)
    wanted = extract.Text(one, many, "x.py") if one != "Another." else extract.Text("A sale.", "", "x.py")
    told = problems(known, [wanted])
    assert (problem in told) if problem else told == []


def test_a_new_text_comes_without_a_translation_and_an_old_one_goes() -> None:
    old = Catalog("pl")
    old.add("Kept.", "Zostaje.")
    old.add("Gone.", "Znikło.")
    old.add("One.", "Jeden.")
    texts = [
        extract.Text("New.", "", "b.py"),
        extract.Text("Kept.", "", "a.py"),
        extract.Text("Kept.", "", "b.py"),
        extract.Text("One.", "%(n)s.", "a.py"),
    ]
    new = catalog.renewed(old, texts)
    assert {catalog.key(message): catalog.forms(message) for message in new if message.id} == {
        "New.": ("",),
        "Kept.": ("Zostaje.",),
        "One.": ("", "", ""),
    }
    said = catalog.written(new).decode()
    assert '\n\nmsgid "Kept."\nmsgstr "Zostaje."\n' in said
    assert "Gone." not in said


def test_texts_of_a_module() -> None:
    source = (
        'words.gettext("One " "text.", name=1)\n'
        'words.ngettext("%(n)s sale", "%(n)s sales", n)\n'
        'TITLES = {1: marked("Title"), 2: marked("yes" if x else "no")}\n'
        "words.gettext(TITLES[1])\n"
    )
    found = [(text.one, text.many) for text in extract.of_module(source, "x.py")]
    assert found == [("One text.", ""), ("%(n)s sale", "%(n)s sales"), ("Title", ""), ("yes", ""), ("no", "")]


def test_texts_of_a_template() -> None:
    source = (
        '<p title="{{ _("Title") }}">{% trans %}\n  Two\n  lines. {% endtrans %}</p>{{ _(step) }}'
        "{% trans n=1, shown=n %}{{ shown }} sale{% pluralize n %}{{ shown }} sales{% endtrans %}"
    )
    found = [(text.one, text.many) for text in extract.of_template(source, "x.html")]
    assert found == [("Title", ""), ("Two lines.", ""), ("%(shown)s sale", "%(shown)s sales")]


def test_texts_of_rules_and_of_both_kinds_of_file_are_collected() -> None:
    assert {text.file.rsplit(".", 1)[1] for text in TEXTS} >= {"py", "html", "svg", "txt", "sql"}
    said = {text.one for text in TEXTS}
    assert "Segment not allowed" in said
    assert all(text.one.strip() for text in TEXTS)


def test_a_text_has_one_plural_only() -> None:
    """A catalog finds a text by its singular: of two plurals one would never be said."""
    plurals: dict[str, set[str]] = {}
    for text in TEXTS:
        plurals.setdefault(text.one, set()).update(filter(None, [text.many]))
    assert {one: many for one, many in plurals.items() if len(many) > 1} == {}


def test_a_text_without_a_translation_is_said_in_english() -> None:
    known = Translations({"yes": ("tak",), "%(n)s day": ("%(n)s dzień", "%(n)s dni", "%(n)s dni")}, "(n != 1)")
    assert (known.gettext("yes"), known.gettext("no"), known.gettext("")) == ("tak", "no", "")
    assert known.gettext("%(n)s day") == "%(n)s dzień"
    assert (known.ngettext("a", "b", 1), known.ngettext("a", "b", 2)) == ("a", "b")


def test_there_is_no_other_language() -> None:
    assert [words_of(language).language for language in LANGUAGES] == ["en", "pl", "it"]
    with pytest.raises(ValueError, match="no language de; there are en, pl, it"):
        words_of("de")


@pytest.mark.parametrize(
    ("n", "text"),
    [(1, "1 sprzedaż"), (2, "2 sprzedaże"), (5, "5 sprzedaży"), (12, "12 sprzedaży"), (22, "22 sprzedaże"),
     (1234, "1\u00a0234 sprzedaże"), (0, "0 sprzedaży"), (112, "112 sprzedaży")],
)  # fmt: skip
def test_polish_plurals(n: int, text: str) -> None:
    plural = catalog.read(catalog.path_of("pl"), "pl").plural_expr
    sales = Translations({"%(n)s sale": ("%(n)s sprzedaż", "%(n)s sprzedaże", "%(n)s sprzedaży")}, plural)
    assert LocalWords("pl", sales).ngettext("%(n)s sale", "%(n)s sales", n) == text


@pytest.mark.parametrize(("n", "text"), [(0, "0 vendite"), (1, "1 vendita"), (2, "2 vendite"), (1234, "1.234 vendite")])
def test_italian_plurals(n: int, text: str) -> None:
    plural = catalog.read(catalog.path_of("it"), "it").plural_expr
    sales = Translations({"%(n)s sale": ("%(n)s vendita", "%(n)s vendite")}, plural)
    assert LocalWords("it", sales).ngettext("%(n)s sale", "%(n)s sales", n) == text


@pytest.mark.parametrize(
    ("language", "day", "near", "long", "at"),
    [
        ("pl", "24 lis 2026", "24 lis", "wtorek, 24 listopada 2026", "24 lis, 02:05 UTC"),
        ("it", "24 nov 2026", "24 nov", "martedì, 24 novembre 2026", "24 nov, 02:05 UTC"),
    ],
)
def test_days(language: str, day: str, near: str, long: str, at: str) -> None:
    words, on, tonight = words_of(language), date(2026, 11, 24), date(2026, 11, 20)
    assert (words.day(on), words.near_day(on, tonight), words.long_day(on)) == (day, near, long)
    assert words.near_day(on, date(2025, 11, 20)) == day
    assert words.moment(datetime(2026, 11, 24, 2, 5), tonight) == at  # noqa: DTZ001


@pytest.mark.parametrize(
    ("language", "numbers", "place", "money", "differences"),
    [
        ("pl", ["7", "1\u00a0234", "1\u00a0234\u00a0567", "0,12345"], "2.", "1\u00a0234,50\u00a0PLN",
         ["+51,84\u00a0PLN", "-3,10\u00a0PLN"]),
        ("it", ["7", "1.234", "1.234.567", "0,12345"], "2ª", "1.234,50\u00a0PLN",
         ["+51,84\u00a0PLN", "-3,10\u00a0PLN"]),
    ],
)  # fmt: skip
def test_numbers_and_money(language: str, numbers: list[str], place: str, money: str, differences: list[str]) -> None:
    words = words_of(language)
    assert [words.number(n) for n in (7, 1234, 1_234_567, 0.12345)] == numbers
    assert words.nth(2) == place
    assert words.money(Decimal("1234.5"), "PLN") == money
    assert [words.more_money(Decimal(amount), "PLN") for amount in ("51.84", "-3.1")] == differences
    # What a wrong price comes to has as many digits as it has.
    assert words.money(Decimal("1e40"), "PLN").count("000") == 13


@EACH
def test_how_far_a_day_is_uses_the_catalog(language: str) -> None:
    tonight = date(2026, 11, 20)
    told = [words_of(language).away(date(2026, 11, day), tonight) for day in (20, 21, 25, 8)]
    assert len(set(told)) == 4
    assert not set(told) & {"today", "tomorrow", "in 5 days", "12 days ago"}
    assert "12" in told[3]


@EACH
def test_a_text_in_doubt_is_not_said(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Catalog(language)
    known.add("yes", "tak", flags=["fuzzy"])
    known.add("no", "nie")
    monkeypatch.setattr(catalog, "read", lambda _path, _language: known)
    assert (load(language).gettext("yes"), load(language).gettext("no")) == ("yes", "nie")
