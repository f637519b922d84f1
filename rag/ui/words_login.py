"""The words of the login: key -> (English, Swedish)."""

from __future__ import annotations

from rag.ui.strings import LANGUAGES, Language

WORDS: dict[str, tuple[str, str]] = {
    "tagline": ("word for word", "ord för ord"),
    "title": ("Log in", "Logga in"),
    "lead": (
        "The chat is open to those who have a key. Whoever runs it can give you one.",
        "Chatten är öppen för den som har en nyckel. Du får en av den som driver den.",
    ),
    "key": ("Your key", "Din nyckel"),
    "enter": ("Log in", "Logga in"),
    "unknown": (
        "This key is not known or was revoked: check that all of it is there, or ask for another.",
        "Nyckeln är okänd eller återkallad: kontrollera att hela är med, eller be om en ny.",
    ),
    "may_not": (
        "This key may not ask questions: it lacks the scope “ask”.",
        "Nyckeln får inte ställa frågor: den saknar rättigheten ”ask”.",
    ),
    "too_often": (
        "Too many tries in a short time: try again in {seconds} seconds.",
        "För många försök på kort tid: försök igen om {seconds} sekunder.",
    ),
    "within_title": ("You are logged in", "Du är inloggad"),
    "within": ("With the key {name}.", "Med nyckeln {name}."),
    "to_chat": ("To the chat", "Till chatten"),
    "leave": ("Log out", "Logga ut"),
}


def in_language(language: Language) -> dict[str, str]:
    """The words in one language, by their keys."""
    place = LANGUAGES.index(language)
    return {key: both[place] for key, both in WORDS.items()}
