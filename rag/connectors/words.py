"""What the bot says in a room besides answers, in English and Swedish."""

from __future__ import annotations

import re

_WORDS: dict[str, tuple[str, str]] = {
    "help": (
        "I am a bot. I answer questions about {articles} news articles, and every sentence of an "
        "answer stands on quotes that are word for word. Where the articles don't say, I say so. "
        "Just ask; I follow up on what was said before. In a group, mention me or reply to me.",
        "Jag är en bot. Jag svarar på frågor om {articles} nyhetsartiklar, och varje mening i ett "
        "svar står på ordagranna citat. Det som inte står i artiklarna säger jag ifrån om. Fråga "
        "bara; du kan fråga vidare på det som sagts. I en grupp: nämn mig eller svara mig.",
    ),
    "too_often": (
        "That is many questions for one room: ask again in {seconds} seconds.",
        "Det var många frågor för ett rum: fråga igen om {seconds} sekunder.",
    ),
    "busy": (
        "I am still answering here: ask again when that is done.",
        "Jag håller fortfarande på att svara här: fråga igen när det är klart.",
    ),
    "failed": (
        "Something went wrong here, so the question was not answered: ask again in a while.",
        "Något gick fel hos mig, så frågan blev inte besvarad: fråga igen om en stund.",
    ),
    "encrypted": (
        "I cannot read encrypted messages: invite me to a room without encryption.",
        "Jag kan inte läsa krypterade meddelanden: bjud in mig till ett rum utan kryptering.",
    ),
}
_GREETINGS = {
    "en": frozenset(["help", "start", "about", "hi", "hello", "hey", "hiya"]),
    "sv": frozenset(["hjälp", "info", "om", "hej", "hejsan", "hallå", "tja", "tjena"]),
}
_WORD = re.compile(r"\w+")


def say(name: str, language: str, **values: object) -> str:
    """Our sentence `name`, in English where we don't write `language`."""
    return _WORDS[name][1 if language == "sv" else 0].format(**values)


def greeting(text: str) -> str | None:
    """The language of a greeting or a call for help; None where it is something else."""
    words = _WORD.findall(text.casefold())
    if not 1 <= len(words) <= 2:
        return None
    for language, known in _GREETINGS.items():
        if words[0] in known and (len(words) == 1 or words[1] in ("bot", "there", "på", "dig")):
            return language
    return None
