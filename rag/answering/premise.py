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
REFUTED = 0.8
# A sentence that bears the premise out, more or less, ends the matter.
SUPPORTED = 0.5
_TELLING: frozenset[Check] = frozenset(
    ["number", "date", "negation", "opposite", "order", "direction"]
)
# The share of the premise's words that the sentence must have: less, and they speak of two things.
_SHARED = 0.5
_ANSWERS = frozenset(["yes", "ja"])
_LEAST_WORDS = 3

_ASKING = {
    # What stands before the verb, and verbs that tell what is (not what may or will be).
    "en": (
        r"(?:why|when|where|how(?: (?:long|often|far))?|in what way)",
        r"(?:did|does|do|was|were|is|are|has|have|had)",
    ),
    "sv": (
        r"(?:varför|när|på vilket sätt|hur(?: (?:länge|ofta|långt))?|var(?= \w+(?:des|tes|lls|ts)\b))",
        # After a bare "hur" may come an adjective: only what ends as a verb does is one.
        r"(?!kan|kunde|ska|skall|skulle|bör|borde|får|vill|måste|kommer|lär|om|att|som|mycket|många"
        r"|hög\w*|låg\w*|stor\w*|svår\w*|dyr\w*|och)\w+",
    ),
}
_YES = {"en": "Yes", "sv": "Ja"}
_CAUSED = {
    "en": re.compile(
        r"what (?:made (?P<a>.+)"
        r"|(?:caused|led|prompted|forced|drove|got) (?P<b>.+?) to (?P<c>.+))$",
        re.I,
    ),
    "sv": re.compile(r"vad (?:fick|förmådde|tvingade|föranledde) (?P<b>.+?) att (?P<c>.+)$", re.I),
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
    """What the question takes for granted, as a claim; None where no rule is safe.

    Mostly as "Did China raise its tariffs? Yes.": turned about like that no words need to be
    moved, and the reader knows the form from its training.
    """
    text = " ".join(question.split()).rstrip("?!. ")
    if language not in _YES or "?" in text:
        return None
    for given in (_GIVEN[language].match(text), _HOW_COME[language].match(text)):
        if given is not None:
            return _claim(f"{given['claim']}.")
    asked, verb = _ASKING[language]
    plain = re.match(rf"{asked}\s+(?={verb}\s+\w)", text, re.I)
    thing = _THING[language].match(text)
    caused = _CAUSED[language].match(text)
    if caused is not None:
        parts = caused.groupdict()
        rest = parts.get("a") or f"{parts['b']} {'att ' if language == 'sv' else ''}{parts['c']}"
        rest = f"{'did' if language == 'en' else 'fick något'} {rest}"
    elif plain is not None:
        rest = text[plain.end() :]
    elif thing is not None and len(text.split()) >= _MOST_OF_ALL:
        rest = thing["rest"]
    else:
        return None
    return _claim(f"{rest}? {_YES[language]}.")


def _claim(words: str) -> str | None:
    if len(words.split()) < _LEAST_WORDS:
        return None
    return words[0].upper() + words[1:]


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
    case = Case(stated, (quote,), context, known=_ANSWERS, published=(on,) if on else ())
    if check_names(case) or overlap(case).words < _SHARED:
        return []
    rivals = {"number": _rival_number(stated, quote), "date": _rival_date(stated, quote)}
    return [
        found.reason
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
