"""False premises: what a question takes for granted, held against the evidence.

"Why did China raise its tariffs to 30 per cent?" takes for granted that China did. The
premise is made a claim by rule, where that is safe, and the reader's support output and the
verifier's rules must both find that a sentence says otherwise: the one knows wording, the
other can name the number, date or negation that disagrees. Questions whose answer is yes or
no take nothing for granted and are just answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.answering.checks.case import Case, Check, Reading, read
from rag.answering.checks.coverage import overlap
from rag.answering.checks.naming import check_names
from rag.answering.checks.numbers import matches
from rag.answering.figures import values_differ
from rag.answering.verify import findings
from rag.types import Evidence, Support

# (claim, evidence) pairs -> what each evidence makes of its claim; None where nothing can tell.
Judge = Callable[[Sequence[tuple[str, str]]], list[Support] | None]

# How many of the best sentences are asked.
HELD_AGAINST = 5
# tools/measure_premise.py, held-out questions in both languages and across: at 0.7 none of 174
# premises that hold was corrected, 3 of 8 with a date planted were, and 2-6% of the unanswerable
# questions, of which some do rest on something untrue; at 0.6 one of the 174.
REFUTED = 0.7
# A sentence that bears the premise out, more or less, ends the matter.
SUPPORTED = 0.5
_TELLING: frozenset[Check] = frozenset(
    ["number", "date", "negation", "opposite", "order", "direction"]
)
# The share of the premise's words that the sentence must have: less, and they speak of two things.
_SHARED = 0.5
_LEAST_WORDS = 3

_ASKING = {
    # What stands before the verb, and verbs that tell what is (not what may or will be).
    "en": (
        r"(?:why|when|where|how(?: (?:long|often|far))?|in what way)",
        r"(?:did|does|do|was|were|is|are|has|have|had)",
    ),
    "sv": (
        r"(?:varför|när|på vilket sätt|hur(?: (?:länge|ofta|långt))?"
        r"|var(?= \w+(?:des|tes|lls|ts)\b))",
        # After a bare "hur" may come an adjective: only what ends as a verb does is one.
        r"(?!kan|kunde|ska|skall|skulle|bör|borde|får|vill|måste|kommer|lär|om|att|som|mycket|många"
        r"|hög\w*|låg\w*|stor\w*|svår\w*|dyr\w*|och)\w+",
    ),
}
_ARTICLES = frozenset(["the", "this", "that", "its", "their", "his", "her", "den", "det", "de"])
_JOINING = frozenset(["and", "or", "of", "och", "eller", "av", "administration"])
_DEFINITE = re.compile(r"\w{2,}(?:en|et|an|na|on)$")
_SOMETHING = {"en": "Something made {who} {what}", "sv": "Något fick {who} att {what}"}
_CAUSED = {
    "en": re.compile(
        r"what (?:made|(?:caused|led|prompted|forced|drove|got)(?=.* to )) "
        r"(?P<who>(?:the )?\w+)(?: to)? (?P<what>.+)$",
        re.I,
    ),
    "sv": re.compile(r"vad (?:fick|förmådde|tvingade) (?P<who>.+?) att (?P<what>.+)$", re.I),
}
_GIVEN = {
    "en": re.compile(
        r"(?:since|given that|now that|seeing that|considering that|because) (?P<claim>[^,]+), ",
        re.I,
    ),
    "sv": re.compile(
        r"(?:eftersom|med tanke på att|nu när|givet att|i och med att) (?P<claim>[^,]+), ", re.I
    ),
}
_HOW_COME = {
    "en": re.compile(r"how come (?P<claim>.+)$", re.I),
    "sv": re.compile(r"hur (?:kommer|kom) det sig att (?P<claim>.+)$", re.I),
}
_THING = {
    "en": re.compile(r"what (?P<rest>(?:did|does|was|were) .+)$", re.I),
    "sv": re.compile(r"vad (?P<rest>(?:\w{2,}(?:ade|de|te)|sa|fick|gav|tog) .+)$", re.I),
}
_MOST_OF_ALL = 6  # words of "what did X do …": fewer presuppose next to nothing


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A premise, and the sentence that says otherwise, as far as can be told."""

    claim: str
    evidence: Evidence
    reasons: tuple[str, ...]  # what the rules find
    refuted: float  # 0..1, by this sentence
    supported: float  # 0..1, by whichever sentence bears it out most


def presupposed(question: str, language: str) -> str | None:
    """What the question takes for granted, as a claim; None where no rule is safe."""
    text = " ".join(question.split()).rstrip("?!. ")
    if language not in _ASKING or "?" in text:
        return None
    for given in (_GIVEN[language].match(text), _HOW_COME[language].match(text)):
        if given is not None:
            return _claim(given["claim"])
    caused = _CAUSED[language].match(text)
    if caused is not None:
        return _claim(_SOMETHING[language].format(**caused.groupdict()))
    asked, verb = _ASKING[language]
    plain = re.match(rf"{asked}\s+(?={verb}\s+\w)", text, re.I)
    thing = _THING[language].match(text)
    if plain is not None:
        return _stated(text[plain.end() :], language)
    if thing is not None and len(text.split()) >= _MOST_OF_ALL:
        return _stated(thing["rest"], language)
    return None


def _stated(asked: str, language: str) -> str | None:
    """`did China raise it` as `China did raise it`, `stannade Kina` as `Kina stannade`.

    None where the subject's end cannot be told.
    """
    reading = read(asked)
    last = _subject_end(reading, language)
    if last is None or last >= len(reading.tokens):
        return None
    verb, subject = reading.tokens[0], reading.tokens[1:last]
    who = asked[subject[0].start : subject[-1].end]
    return _claim(f"{who} {verb.text.lower()} {asked[reading.tokens[last].start :]}")


def _subject_end(reading: Reading, language: str) -> int | None:
    """The token after the subject that follows the verb: a name, or a short definite noun."""
    tokens = reading.tokens
    led = len(tokens) > 1 and tokens[1].lower in _ARTICLES
    for name in reading.names:
        if name.first == 1 + led and not (led and language == "sv"):
            after = tokens[name.last].lower if name.last < len(tokens) else ""
            owns = tokens[name.last - 1].text.endswith(("'s", "\u2019s", "s'", ":s"))
            return None if owns or after in _JOINING else name.last
    if language == "en":
        return 3 if led else None
    ends = [i for i in range(1, min(4, len(tokens))) if _DEFINITE.search(tokens[i].lower)]
    return ends[0] + 1 if ends and (led or ends[0] == 1) else None


def _claim(words: str) -> str | None:
    if len(words.split()) < _LEAST_WORDS:
        return None
    return f"{words[0].upper()}{words[1:]}."


def contradicted(
    question: str, language: str, evidence: Sequence[Evidence], judge: Judge
) -> Contradiction | None:
    """The sentence that refutes what `question` takes for granted; None where none does."""
    found = held_against(question, language, evidence, judge)
    if found is None or found.refuted < REFUTED or found.supported >= SUPPORTED:
        return None
    return found


def held_against(
    question: str, language: str, evidence: Sequence[Evidence], judge: Judge
) -> Contradiction | None:
    """What speaks most against the premise, however weakly; None where the rules find nothing."""
    claim = presupposed(question, language)
    items = evidence[:HELD_AGAINST]
    told = {item.n: reasons for item in items if claim and (reasons := _told_apart(claim, item))}
    judged = judge([(claim, _text(item)) for item in items]) if claim and told else None
    if claim is None or judged is None:
        return None
    refuted = {item.n: support.refuted for item, support in zip(items, judged, strict=True)}
    worst = max((item for item in items if item.n in told), key=lambda item: refuted[item.n])
    return Contradiction(
        claim,
        worst,
        tuple(told[worst.n]),
        refuted[worst.n],
        max(support.supported for support in judged),
    )


def _told_apart(claim: str, item: Evidence) -> list[str]:
    """What the rules find the sentence to say otherwise, if it is about the same at all.

    About the same: it has all names of the premise, and most of its words. Otherwise: another
    value of the same kind, another date, a negation, an opposite, or the parts exchanged; that
    it lacks a number says nothing.
    """
    stated, quote = read(claim), read(item.sentence.text)
    context = (read(item.context),) if item.context else ()
    on = item.article.published.on
    case = Case(stated, (quote,), context, published=(on,) if on else ())
    if check_names(case) or overlap(case).words < _SHARED:
        return []
    rivals = {"number": _rival_number(stated, quote), "date": _rival_date(stated, quote)}
    return [
        str(found.reason)
        for found in findings(case)
        if found.check in _TELLING and rivals.get(found.check, True)
    ]


def _rival_number(stated: Reading, quote: Reading) -> bool:
    """Whether the sentence gives another value where the premise gives one."""
    return any(
        a.kind == b.kind and values_differ(a, b)
        for a in stated.quantities
        for b in quote.quantities
        if not any(matches(a, other) for other in quote.quantities)
    )


def _rival_date(stated: Reading, quote: Reading) -> bool:
    """Whether the sentence gives a year, month, day or weekday where the premise gives another."""
    return any(
        getattr(a, part) is not None
        and getattr(b, part) is not None
        and getattr(a, part) != getattr(b, part)
        for a in stated.dates
        for b in quote.dates
        for part in ("year", "month", "day", "weekday")
    )


def _text(item: Evidence) -> str:
    return f"{item.context} {item.sentence.text}" if item.context else item.sentence.text
