"""The words of the article's page, in English and Swedish."""

from __future__ import annotations

from datetime import date
from typing import Literal

from rag.answering.wording import day

Language = Literal["en", "sv"]

WORDS: dict[str, tuple[str, str]] = {
    "article": ("Article", "Artikel"),
    "to_quote": ("Go to the quote", "Gå till citatet"),
    "quote": ("Quote", "Citat"),
    "source": ("Source", "Källa"),
    "inferred": ("inferred date", "uppskattat datum"),
    "why_date": ("How the date was inferred", "Så uppskattades datumet"),
    "undated": ("undated", "odaterad"),
    "characters": ("characters {start}–{end}", "tecken {start}–{end}"),
    "checksum": ("SHA-256 of the text", "SHA-256 för texten"),
    "masked": (
        "What is grey belongs to the web page rather than to the article: it is shown, but never "
        "searched and never quoted.",
        "Det gråa hör till webbsidan snarare än till artikeln: det visas, men genomsöks aldrig "
        "och citeras aldrig.",
    ),
    "bad_place": (
        "The address does not name a place in this article, so no quote is highlighted.",
        "Adressen anger ingen plats i artikeln, så inget citat är markerat.",
    ),
    "changed": (
        "This article has changed since it was quoted, so the quote is not highlighted.",
        "Artikeln har ändrats sedan den citerades, så citatet är inte markerat.",
    ),
    "gone": ("There is no such article", "Artikeln finns inte"),
    "gone_why": (
        "It may have been removed from the collection, or the address is not complete.",
        "Den kan ha tagits bort ur samlingen, eller så är adressen inte hel.",
    ),
    "refused": ("This page cannot be shown", "Sidan kan inte visas"),
    "key_needed": (
        "The articles here are only shown to those who have a key.",
        "Artiklarna här visas bara för den som har en nyckel.",
    ),
    "too_often": (
        "Too many pages were asked for in a short time: try again in a moment.",
        "För många sidor hämtades på kort tid: försök igen om en stund.",
    ),
}


class Words:
    """`WORDS` in one language: `t("quote")`."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, key: str, **values: object) -> str:
        """The text for `key`, its placeholders filled; an unknown key is a `KeyError`."""
        return WORDS[key][1 if self.language == "sv" else 0].format(**values)

    def day(self, on: date) -> str:
        """A date as people write it."""
        return day(on, self.language)


def wanted_language(accept: str | None) -> Language:
    """The language for an `Accept-Language` header: what it likes best of the two, else English."""
    best: tuple[float, Language] = (0.0, "en")
    for part in (accept or "")[:500].lower().split(","):
        name, _, rest = part.partition(";")
        code = name.strip().split("-")[0]
        weight = _weight(rest)
        if code in ("en", "sv") and weight > best[0]:
            best = (weight, "sv" if code == "sv" else "en")
    return best[1]


def _weight(parameters: str) -> float:
    """The q of an entry, 0..1; 1 where there is none that can be read."""
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 1.0
