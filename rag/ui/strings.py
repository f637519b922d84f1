"""Every word of the interface, in English and Swedish.

Answers, quotes and refusals are not here: they come from the bot, in the question's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from rag.ui.words_answer import WORDS as ANSWER_WORDS
from rag.ui.words_library import WORDS as LIBRARY_WORDS
from rag.ui.words_login import WORDS as LOGIN_WORDS
from rag.ui.words_shell import WORDS as SHELL_WORDS

Language = Literal["en", "sv"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

# key: (English, Swedish). A key that counts has the endings _one and _many, and {n}.
CATALOGUE: dict[str, tuple[str, str]] = {
    **SHELL_WORDS,
    **ANSWER_WORDS,
    **LIBRARY_WORDS,
    **LOGIN_WORDS,
    "tagline": ("word for word", "ord för ord"),
    "other_language": ("Svenska", "English"),
    "articles_one": ("{n} article", "{n} artikel"),
    "articles_many": ("{n} articles", "{n} artiklar"),
    "new": ("New conversation", "Nytt samtal"),
    # home
    "home_title": ("Ask the articles.", "Fråga artiklarna."),
    "home_lead": (
        "Every sentence of an answer stands on the articles’ own words, and you can see them "
        "where they stand. Where the articles are silent, the answer says so.",
        "Varje mening i ett svar vilar på artiklarnas egna ord, och du kan se dem där de står. "
        "Där artiklarna tiger säger svaret det.",
    ),
    "try": ("Try", "Prova"),
    "empty_title": ("No articles yet", "Inga artiklar än"),
    "empty_lead": (
        "There is nothing to quote from. Drop files on the page of the articles (top right), or "
        "stop the program, add articles, and start it again:",
        "Det finns inget att citera ur. Släpp filer på artikelsidan (uppe till höger), eller "
        "stoppa programmet, lägg till artiklar och starta igen:",
    ),
    "empty_formats": (
        "Files and folders of .txt, .md, .html, .pdf, .docx and .jsonl are read.",
        "Filer och mappar med .txt, .md, .html, .pdf, .docx och .jsonl läses.",
    ),
    # composer
    "ask": ("Ask", "Fråga"),
    "stop": ("Stop", "Stoppa"),
    "placeholder": ("Ask about the articles", "Fråga om artiklarna"),
    "box_label": ("Your question", "Din fråga"),
    # while it runs
    "looking": ("Looking through the articles…", "Letar i artiklarna…"),
    "writing": ("Writing from what was found…", "Skriver utifrån det som hittades…"),
    "ready": ("Answer ready.", "Svaret är klart."),
    "stopped": ("Stopped.", "Stoppat."),
    # answer
    "you_asked": ("You asked", "Du frågade"),
    "understood": ("Understood as", "Tolkat som"),
    "quotes": ("Quotes", "Citat"),
    "found": ("Found in the articles", "Hittat i artiklarna"),
    "quotes_one": ("{n} quote", "{n} citat"),
    "quotes_many": ("{n} quotes", "{n} citat"),
    "cite": ("Quote {n}, {where}", "Citat {n}, {where}"),
    "inferred": ("inferred date", "uppskattat datum"),
    "inferred_title": (
        "The article does not state its date; it was worked out from its content.",
        "Artikeln anger inget datum; det är uppskattat utifrån innehållet.",
    ),
    "why_date": ("How the date was inferred", "Så uppskattades datumet"),
    "undated": ("undated", "odaterad"),
    "translation": ("Translation, not verbatim", "Översättning, inte ordagrann"),
    "removed_one": ("{n} statement removed", "{n} påstående borttaget"),
    "removed_many": ("{n} statements removed", "{n} påståenden borttagna"),
    "without_llm": ("Composed without a language model", "Sammanställt utan språkmodell"),
    "composed_by": ("Composed by {llm}", "Sammanställt av {llm}"),
    "seconds": ("{s} s", "{s} s"),
    "trace": ("trace {id}", "spår {id}"),
    # refusal
    "no_evidence": ("Not in the articles", "Finns inte i artiklarna"),
    "out_of_scope": ("Outside these articles", "Utanför dessa artiklar"),
    "not_a_question": ("No question found", "Ingen fråga hittades"),
    "unverified": ("Nothing could be verified", "Inget kunde verifieras"),
    # problems
    "problem": ("That did not work", "Det gick inte"),
    "unexpected": (
        "Something went wrong while answering; try again, and if it happens again look for "
        "{id} in the program’s log.",
        "Något gick fel under svaret; försök igen, och händer det igen sök efter {id} i "
        "programmets logg.",
    ),
    "too_long": (
        "The question has {n} characters; the most is {most}. Please shorten it.",
        "Frågan har {n} tecken; högst {most} går bra. Korta den, tack.",
    ),
    # article panel
    "article": ("Article", "Artikel"),
    "close": ("Close the article", "Stäng artikeln"),
    "also_quoted": ("Quoted from this article", "Citerat ur denna artikel"),
    "masked": ("Never quoted: {reason}", "Citeras aldrig: {reason}"),
    "characters": ("characters {start}–{end}", "tecken {start}–{end}"),
    "checksum": ("SHA-256 of the article’s text", "SHA-256 för artikelns text"),
    "gone": (
        "This article is no longer in the collection. The quote was:",
        "Artikeln finns inte längre i samlingen. Citatet löd:",
    ),
    "changed": (
        "This article has changed since the answer was given. The quote was:",
        "Artikeln har ändrats sedan svaret gavs. Citatet löd:",
    ),
}

_MONTHS: dict[Language, tuple[str, ...]] = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "sv": (
        "januari", "februari", "mars", "april", "maj", "juni",
        "juli", "augusti", "september", "oktober", "november", "december",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Strings:
    """The catalogue in one language."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The text for `key`, its placeholders filled; an unknown key is a `KeyError`."""
        return CATALOGUE[key][LANGUAGES.index(self.language)].format(**values)

    def count(self, key: str, n: int) -> str:
        """The singular or plural text for `key`."""
        return self(f"{key}_one" if n == 1 else f"{key}_many", n=n)

    def day(self, iso: str) -> str:
        """An ISO 8601 date as people write it; anything else unchanged."""
        try:
            on = date.fromisoformat(iso)
        except ValueError:
            return iso
        return f"{on.day} {_MONTHS[self.language][on.month - 1]} {on.year}"


def preferred_language(accept: str | None) -> Language:
    """The language for an `Accept-Language` header or a stored code: Swedish, else English.

    The first of the two that is named wins; browsers list in order of preference.
    """
    for part in (accept or "").lower().split(","):
        code = part.split(";")[0].strip().split("-")[0].split("_")[0]
        if code in ("sv", "en"):
            return "sv" if code == "sv" else "en"
    return "en"
