"""The words of the login: key -> (English, Swedish)."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "login_title": ("Log in", "Logga in"),
    "login_lead": (
        "The chat is open to those who have a key. Whoever runs it can give you one.",
        "Chatten är öppen för den som har en nyckel. Du får en av den som driver den.",
    ),
    "login_key": ("Your key", "Din nyckel"),
    "login_enter": ("Log in", "Logga in"),
    "login_unknown": (
        "This key is not known or was revoked: check that all of it is there, or ask for another.",
        "Nyckeln är okänd eller återkallad: kontrollera att hela är med, eller be om en ny.",
    ),
    "login_may_not": (
        "This key may not ask questions: it lacks the scope “ask”.",
        "Nyckeln får inte ställa frågor: den saknar rättigheten ”ask”.",
    ),
    "login_too_often": (
        "Too many tries in a short time: try again in {seconds} seconds.",
        "För många försök på kort tid: försök igen om {seconds} sekunder.",
    ),
    "login_within_title": ("You are logged in", "Du är inloggad"),
    "login_within": ("With the key {name}.", "Med nyckeln {name}."),
    "to_chat": ("To the chat", "Till chatten"),
    "leave": ("Log out", "Logga ut"),
}
