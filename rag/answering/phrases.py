"""The few sentences of our own that a person reads, in the languages we answer in."""

from __future__ import annotations

_PHRASES = {
    "en": {
        "no_evidence": "The articles don't say.",
        "no_articles": (
            "There are no articles to answer from yet: add some with `ordagrant ingest PATH`."
        ),
        "no_articles_match": "No article matches the chosen filters: widen them and ask again.",
        "not_a_question": "Ask a question about the articles, and I will answer with their words.",
        "too_long": "The question is too long: keep it under {limit} characters.",
        "unverified": "The articles touch on this, but no statement held up against its quotes.",
        "unanswered": "The articles don't say: {part}?",
        "otherwise": "The articles say otherwise:",
        "disagree": "The articles disagree:",
        "changed": "Most recent, {after}; earlier, {before}.",
        "as_of": "(as of {date})",
        "undated": "undated",
        "inferred": "inferred date",
        "nearest": "What comes nearest:",
        "removed": "Removed: {text} ({reason})",
        "llm_answer": "the language model's answer",
        "llm_failed": "The language model failed, so the quotes themselves answer: {error}",
    },
    "sv": {
        "no_evidence": "Det står inte i artiklarna.",
        "no_articles": (
            "Det finns inga artiklar att svara utifrån än: "
            "lägg till några med `ordagrant ingest SÖKVÄG`."
        ),
        "no_articles_match": "Ingen artikel passar filtren: vidga dem och fråga igen.",
        "not_a_question": "Ställ en fråga om artiklarna, så svarar jag med deras egna ord.",
        "too_long": "Frågan är för lång: håll den under {limit} tecken.",
        "unverified": "Artiklarna berör detta, men inget påstående höll mot sina citat.",
        "unanswered": "Det står inte i artiklarna: {part}?",
        "otherwise": "Artiklarna säger något annat:",
        "disagree": "Artiklarna är oense:",
        "changed": "Senast, {after}; tidigare, {before}.",
        "as_of": "(per den {date})",
        "undated": "odaterad",
        "inferred": "uppskattat datum",
        "nearest": "Det som ligger närmast:",
        "removed": "Borttaget: {text} ({reason})",
        "llm_answer": "språkmodellens svar",
        "llm_failed": "Språkmodellen misslyckades, så citaten själva får svara: {error}",
    },
}
_QUOTATION_MARKS = {"en": ("“", "”"), "sv": ("”", "”")}


def phrase(name: str, language: str, **values: object) -> str:
    """Our sentence `name` in `language`, or in English if we don't write that language."""
    return _PHRASES.get(language, _PHRASES["en"])[name].format(**values)


def quoted(words: str, language: str) -> str:
    """`words` between the quotation marks of `language`."""
    opening, closing = _QUOTATION_MARKS.get(language, _QUOTATION_MARKS["en"])
    return f"{opening}{words}{closing}"
