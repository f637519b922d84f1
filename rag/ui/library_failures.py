"""Why a file could not be read, in the language of the page.

Reading says it in English, one sentence that begins with the path. Here the folders go (they are
the server's business) and the sentences that reading knows are said in Swedish; another sentence
stays English, and is marked so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.types import IngestFailure
from rag.ui.strings import Language

# What follows the name in reading's sentences -> the same in Swedish.
_SWEDISH = tuple(
    (re.compile(english, re.DOTALL), swedish)
    for english, swedish in (
        (r"is empty: nothing in it .*", "är tom: det finns inget att citera, så fyll den eller "
                                        "utelämna den"),
        (r"is empty: put a JSON object .*", "är tom: skriv ett JSON-objekt på varje rad"),
        (r"is empty: .*", "är tom: fyll den eller utelämna den"),
        (r"is not text \(it contains NUL bytes\).*", "är inte text (den innehåller NUL-tecken): "
                                                     "gör om den till UTF-8-text"),
        (r"is not text \(it looks like binary data\).*", "är inte text (den ser ut som binära "
                                                         "data): gör om den till UTF-8-text"),
        (r"begins like (\S+) but is damaged.*", r"börjar som \1 men är skadad: spara den igen som "
                                                "UTF-8-text"),
        (r"is neither UTF-8 nor .*", "är varken UTF-8 eller någon annan textkodning: spara den "
                                     "som UTF-8-text"),
        (r"is a page too large .*", "är en för stor sida: spara bara artikeln"),
        (r"is HTML that cannot be read.*", "är HTML som inte går att läsa: spara sidan igen"),
        (r"has no article text .*", "har ingen artikeltext som går att skilja från sidan runt om"),
        (r"is protected by a password.*", "är skyddad med lösenord: spara den utan"),
        (r"is not a readable PDF .*", "är ingen läsbar PDF (skadad eller avklippt): exportera den "
                                      "igen"),
        (r"holds more text than .*", "innehåller mer text än den största tillåtna filen: dela "
                                     "den"),
        (r"has a page that cannot be read.*", "har en sida som inte går att läsa: exportera den "
                                              "igen"),
        (r"has no text \(a scan\?\).*", "har ingen text (inskannad?): kör textigenkänning först"),
        (r"unpacks to far more .*", "packas upp till långt mer än den största tillåtna filen: "
                                    "dela den"),
        (r"is not a readable Word document.*", "är inget läsbart Word-dokument (skadat?): spara "
                                               "det igen"),
        (r"is one article of (\S+) characters, more than the (\S+) .*",
         r"är en enda artikel på \1 tecken, fler än de \2 som är tillåtna: dela den"),
        (r"has the id (.+) of line (\d+).*", r"har samma id \1 som rad \2: ge varje rad ett eget"),
        (r"has no \"id\".*", 'saknar "id": ge varje rad ett'),
        (r"has no \"text\".*", 'saknar "text": varje rad behöver artikelns text'),
        (r"is not UTF-8: .*", "är inte UTF-8: spara filen som UTF-8"),
        (r"is not JSON \(.*", "är inte JSON: rätta eller ta bort raden"),
        (r"is JSON that cannot be read.*", "är JSON som inte går att läsa: rätta eller ta bort "
                                           "raden"),
        (r"is not a JSON object .*", 'är inget JSON-objekt med "id" och "text": rätta eller ta '
                                     "bort raden"),
        (r"is larger than ([\d,]+) bytes.*", r"är större än \1 byte: dela den"),
        (r"is damaged after line (\d+) .*", r"är skadad efter rad \1 (ingen hel gzip-fil): "
                                            "raderna före lästes; hämta eller packa den igen"),
        (r"has an ending that is not read: use one of (.*)", r"har en filändelse som inte läses: "
                                                             r"använd någon av \1"),
        (r"has (\S+) MB, more than the (\S+) MB allowed.*", r"är på \1 MB, mer än de \2 MB som är "
                                                            "tillåtna: dela den"),
        (r"has an article with the id (.+), which .+ has too.*",
         r"har en artikel med id \1, som redan finns: byt namn på någon av dem"),
        (r"cannot be cut into sentences \((.*)\): .*", r"går inte att dela i meningar (\1): "
                                                       "anmäl det gärna"),
        (r"may not be read.*", "får inte läsas: ge dig rätt att läsa den"),
        (r"cannot be (?:read|kept) \((.*)\): .*", r"går inte att läsa (\1): kontrollera filen och "
                                                  "disken"),
        (r"does not fit into memory.*", "ryms inte i minnet: dela den"),
        (r"did not arrive.*", "kom inte fram: försök igen"),
        (r"was not read, .*", "lästes inte, eftersom läsningen avbröts före den: lägg till den "
                              "igen"),
    )
)  # fmt: skip
_LINE = re.compile(r", line (\d+), ")
_OWNER = re.compile(r"(?<=, which ).*[/\\](?=[^/\\]+ has too)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence about a file, and the language that it is in."""

    text: str
    language: Language


def named(name: str, failure: IngestFailure) -> IngestFailure:
    """`failure` with the visitor's `name` of the file where reading says its path."""
    path = re.sub(r":\d+$", "", failure.path)
    said = failure.error.removeprefix(path) if failure.error.startswith(path) else None
    if said is None:
        return IngestFailure(name, failure.error)
    # Another article's file, too, is named without its folders.
    return IngestFailure(name, name + _OWNER.sub("", said))


def told(failure: IngestFailure, language: Language) -> Told:
    """The failure's sentence in `language` where that is known, else in English."""
    if language == "sv" and failure.error.startswith(failure.path):
        rest = failure.error[len(failure.path) :]
        line = _LINE.match(rest)
        rest = rest[line.end() :] if line else rest.lstrip()
        for pattern, swedish in _SWEDISH:
            if found := pattern.fullmatch(rest.removesuffix(".")):
                where = f"{failure.path}, rad {line[1]}," if line else failure.path
                return Told(f"{where} {found.expand(swedish)}.", "sv")
    return Told(failure.error, "en")
