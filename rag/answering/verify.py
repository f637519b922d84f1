"""The verifier: a statement against the words it stands on.

Each check of `rag.answering.checks` looks for one kind of fault and gives a readable reason;
coverage adds how much of the statement its evidence says at all. English and Swedish, and
across the two. What cannot be seen by rules (a paraphrase that says something else) is left
to a similarity or support score handed in by the caller.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from rag.answering.checks.case import Case, Finding, Reading, read
from rag.answering.checks.clauses import check_binding
from rag.answering.checks.comparatives import check_opposites, check_order
from rag.answering.checks.coverage import overlap
from rag.answering.checks.lexicon import table, words
from rag.answering.checks.modality import check_modality
from rag.answering.checks.naming import check_names
from rag.answering.checks.negation import check_negation
from rag.answering.checks.numbers import check_dates, check_numbers
from rag.answering.checks.quotation import check_quotation
from rag.answering.checks.speaker import check_speaker
from rag.answering.checks.text import fold, split_sentences
from rag.types import Evidence, Verdict

# (query, texts) -> similarity 0..1 of each text to the query
Similarity = Callable[[str, Sequence[str]], list[float]]

_LONG = 16  # sentences: from here on evidence is an article, not a quote
_PER_FAULT = 4.0
# e5 similarities crowd between 0.75 and 0.95.
_PER_SIMILARITY, _USUAL_SIMILARITY = 8.0, 0.85

# From here a verdict is taken as clear enough to add a quote that nobody asked for.
_SURE = 0.95
_MOST_WITNESSES = 2
_MARKS = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'",
                        "–": "-", "—": "-", "\u00a0": " ", "\u202f": " "})  # fmt: skip


def verify(
    statement: str,
    evidence: Sequence[Evidence],
    *,
    question: str | None = None,
    similarity: Similarity | None = None,
) -> Verdict:
    """The statement against the sentences it cites.

    A sentence's context tells only who and what it is about; its article's outlet and date
    bear out introductions ("SVT, 23 April 2025: …") and relative dates. Numbers in the
    question may be repeated where no quote says otherwise. Without evidence: not supported.
    """
    if not statement.strip() or not evidence:
        return Verdict(False, 0.0, ("Nothing is cited for it.",))
    quotes = tuple(read(item.sentence.text) for item in evidence)
    context = tuple(read(item.context) for item in evidence if item.context)
    published = tuple(
        dict.fromkeys(e.article.published.on for e in evidence if e.article.published.on)
    )
    case = Case(
        read(statement), quotes, context, read(question) if question else None,
        _known_words(evidence), published,
    )  # fmt: skip
    return _judge(case, similarity)


def also_saying(
    statement: str, evidence: Sequence[Evidence], cited: Sequence[int]
) -> list[Evidence]:
    """Evidence that was not cited and, alone, clearly bears the statement out: more witnesses.

    A composer cites the first sentence it finds; a reader wants to know who else says it.
    """
    others = [item for item in evidence if item.n not in cited]
    verdicts = [(item, verify(statement, [item])) for item in others]
    sure = [item for item, verdict in verdicts if verdict.supported and verdict.score >= _SURE]
    return sure[:_MOST_WITNESSES]


def check(statement: str, evidence_text: str, *, similarity: Similarity | None = None) -> Verdict:
    """The statement against a text, when nothing more is known of it.

    A statement of several sentences is as good as its worst one.
    """
    if not statement.strip() or not evidence_text.strip():
        return Verdict(False, 0.0, ("There is nothing to hold it against.",))
    parts = _parts(statement)
    quotes = (read(evidence_text),)
    verdicts = [_judge(Case(read(part), quotes), similarity) for part in parts]
    reasons = tuple(dict.fromkeys(reason for v in verdicts for reason in v.reasons))
    return Verdict(all(v.supported for v in verdicts), min(v.score for v in verdicts), reasons)


def _parts(statement: str) -> list[str]:
    """The statement's sentences; a question stays with the answer that follows it."""
    spans = split_sentences(statement)
    parts: list[str] = []
    for start, end in spans:
        sentence = statement[start:end].strip()
        if parts and parts[-1].endswith("?"):
            parts[-1] = f"{parts[-1]} {sentence}"
        else:
            parts.append(sentence)
    return parts or [statement]


def findings(case: Case) -> list[Finding]:
    """All that the rules find wrong."""
    return [
        *check_numbers(case),
        *check_dates(case),
        *check_names(case),
        *check_negation(case),
        *check_opposites(case),
        *check_order(case),
        *check_binding(case),
        *check_speaker(case),
        *check_modality(case),
        *check_quotation(case),
    ]


def _known_words(evidence: Sequence[Evidence]) -> frozenset[str]:
    known: set[str] = set()
    for item in evidence:
        article = item.article
        for text in (article.outlet, article.title, article.id, *article.authors):
            known.update(fold(word) for word in re.findall(r"\w+", text or ""))
        known.update(fold(w) for w in re.findall(r"[^\W_]+", article.source))
    return frozenset(known)


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.translate(_MARKS).lower()).strip()


def verbatim(case: Case) -> bool:
    """The statement is a quote's own words: whole, after an introduction, or nearly whole.

    Nearly whole is four fifths of the quote in one piece, so that no negation is left out.
    """
    said, whole = f" {_plain(case.statement.text.raw)} ", False
    for quote in case.quotes:
        own = f" {_plain(quote.text.raw)} "
        if own.strip() and own in said:
            said, whole = said.replace(own, " ", 1), True
        elif said.strip() and said in own and len(said) >= 0.8 * len(own):
            return True
    days = {str(n) for day in case.published for n in (day.day, day.year)}
    days |= {f"{n:02}" for day in case.published for n in (day.day, day.month)}
    return whole and all(_introducing(word, case.known, days) for word in said.split())


def _introducing(word: str, known: frozenset[str], days: set[str]) -> bool:
    """A word of an introduction: outlet, title or id, the publication date, small words."""
    if word.isdigit():
        return word in days or word in known
    dated = word in table("months") or word in table("weekdays")
    return dated or word in words("introductions") or fold(word) in known


def _judge(case: Case, similarity: Similarity | None) -> Verdict:
    if verbatim(case):
        return Verdict(True, 1.0)
    found = findings(case)
    score = _score(case, found, similarity)
    reasons = [finding.reason for finding in found]
    if not found and score < 0.5:
        reasons.append("Too little of it is in its quote.")
    return Verdict(not found and score >= 0.5, score, tuple(dict.fromkeys(reasons)))


def _score(case: Case, found: Sequence[Finding], similarity: Similarity | None) -> float:
    """A logistic score: word overlap, less a fixed cost for each kind of fault.

    The weights are rounded from fits on VitaminC, FEVER-symmetric, SweNLI, BEGIN and parallel
    sentences (one language, across) and on FRANK (long articles), moved so that 0.5 cuts at
    a fitted chance of about one in six: right paraphrases must get through, and the rules
    catch the faults. Across languages the fit (slope 12) is softened to 6, since real
    translations are freer than those it was made on.
    """
    seen = overlap(case)
    if seen.sentences > _LONG:
        logit = -3.7 + 4.6 * seen.near
    elif case.same_language:
        logit = -1.7 + 2.1 * seen.words + 1.9 * seen.near + 1.5 * seen.phrases
    else:
        logit = -2.2 + 2.0 * seen.words + 6.0 * seen.near
    if similarity is not None:
        texts = [quote.text.raw for quote in case.quotes]
        alike = max(similarity(case.statement.text.raw, texts), default=0.0)
        logit += _PER_SIMILARITY * (alike - _USUAL_SIMILARITY)
    logit -= _PER_FAULT * len({finding.check for finding in found})
    return 1.0 / (1.0 + math.exp(-logit))


__all__ = ["Reading", "Similarity", "check", "findings", "verify"]
