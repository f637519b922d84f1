"""The words of an answer, its quotes and the article beside it: key -> (English, Swedish)."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    # under a question
    "only_from": ("Only articles", "Bara artiklar"),
    "filter_from": ("from {day}", "från {day}"),
    "filter_to": ("up to {day}", "till och med {day}"),
    "filter_source": ("by “{source}”", "från ”{source}”"),
    "filter_language": ("in {language}", "på {language}"),
    "language_en": ("English", "engelska"),
    "language_sv": ("Swedish", "svenska"),
    "rephrase": ("Rephrase", "Formulera om"),
    "rephrase_label": (
        "Rephrase how the question was understood",
        "Formulera om hur frågan tolkades",
    ),
    # beside a statement
    "evidence_of": ("Said by", "Enligt"),
    "more_outlets": ("+{n}", "+{n}"),
    "some_inferred": ("some dates inferred", "några datum uppskattade"),
    "all_inferred": ("inferred date", "uppskattat datum"),
    "one_witness": (
        "{n} articles, 1 witness: near-identical texts",
        "{n} artiklar, 1 vittne: nästan likadana texter",
    ),
    "few_witnesses": (
        "{n} articles, {w} witnesses: some are near-identical",
        "{n} artiklar, {w} vittnen: några är nästan likadana",
    ),
    "twin_of": ("Nearly the same text as {n}", "Nästan samma text som {n}"),
    # boxes
    "open_parts": ("Not answered by the articles", "Besvaras inte i artiklarna"),
    "held_when": ("What held when", "Vad som gällde när"),
    "latest": ("latest", "senast"),
    "side_by_side": ("The articles disagree", "Artiklarna går isär"),
    "removed_why": ("What was removed, and why", "Vad som togs bort, och varför"),
    # refusal
    "why_no_evidence": (
        "The passages that come nearest were read, and none of them answers the question.",
        "Passagerna som ligger närmast lästes, och ingen av dem svarar på frågan.",
    ),
    "why_out_of_scope": (
        "The question is about something that these articles are not about.",
        "Frågan gäller något som de här artiklarna inte handlar om.",
    ),
    "why_not_a_question": (
        "There is nothing here to look for in the articles.",
        "Här finns inget att leta efter i artiklarna.",
    ),
    "why_unverified": (
        "Each statement was held against its quotes, and none of them stood.",
        "Varje påstående prövades mot sina citat, och inget höll.",
    ),
    "nearest_not": (
        "The nearest passages, which do not answer it",
        "De närmaste passagerna, som inte svarar på frågan",
    ),
    # quotes
    "left_over_one": ("{n} more passage found, not quoted", "{n} passage till, inte citerad"),
    "left_over_many": ("{n} more passages found, not quoted", "{n} passager till, inte citerade"),
    "translate": ("Translate", "Översätt"),
    "translating": ("Translating…", "Översätter…"),
    "not_translated": (
        "No translation could be made that keeps what the quote says.",
        "Ingen översättning kunde göras som behåller vad citatet säger.",
    ),
    # colophon
    "from_articles": ("{quotes} from {articles}", "{quotes} ur {articles}"),
    "newest_from": (
        "The newest article quoted is from {day}",
        "Den nyaste citerade artikeln är från {day}",
    ),
    # actions
    "actions": ("This answer", "Detta svar"),
    "retry": ("Ask again", "Fråga igen"),
    "edit": ("Edit", "Ändra"),
    "edit_title": ("Edit the question and ask again", "Ändra frågan och fråga igen"),
    "copylink": ("Copy link", "Kopiera länk"),
    "copy": ("Copy", "Kopiera"),
    "copy_title": ("Copy the answer with its quotes", "Kopiera svaret med citaten"),
    "copied": ("Copied", "Kopierat"),
    # feedback
    "rate_answer": ("Your verdict on the answer", "Ditt omdöme om svaret"),
    "rate_statement": ("Your verdict on this statement", "Ditt omdöme om påståendet"),
    "rate_quote": ("Your verdict on this quote", "Ditt omdöme om citatet"),
    "up": ("Good", "Bra"),
    "down": ("Bad", "Dåligt"),
    "what_wrong": ("What is wrong with it?", "Vad är fel?"),
    "reason_wrong": ("Wrong", "Fel"),
    "reason_misleading": ("Misleading", "Missvisande"),
    "reason_not_asked": ("Not what I asked", "Inte det jag frågade"),
    "reason_outdated": ("Outdated", "Inaktuellt"),
    "reason_other": ("Something else, in your words", "Något annat, med egna ord"),
    "send": ("Send", "Skicka"),
}
