"""The verifier: a statement against the words it stands on.

Each check of `rag.answering.checks` looks for one kind of fault and gives a readable reason.
What rules cannot see, a paraphrase that says something else, is heard from the trained
reader's support score, where there is one. A calibrated logistic regression joins the two.
English and Swedish, and across the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.answering.checks.case import Case, Finding, Reading, read
from rag.answering.checks.casing import recased
from rag.answering.checks.clauses import check_binding
from rag.answering.checks.comparatives import check_opposites, check_order
from rag.answering.checks.excerpt import excerpt
from rag.answering.checks.modality import check_modality
from rag.answering.checks.naming import check_names
from rag.answering.checks.negation import check_negation
from rag.answering.checks.numbers import check_codes, check_dates, check_numbers
from rag.answering.checks.percent import alike
from rag.answering.checks.quotation import check_quotation
from rag.answering.checks.speaker import check_speaker
from rag.answering.checks.text import fold, split_sentences
from rag.answering.checks.verbatim import verbatim
from rag.answering.checks.weighing import Situation, features, probability, situation
from rag.answering.reasons import Reason, all_told, why
from rag.types import Evidence, Support, Verdict

# (claim, evidence) pairs -> what each evidence makes of its claim; None if there is no telling
SupportOf = Callable[[Sequence[tuple[str, str]]], list[Support] | None]

# From here a verdict is taken as clear enough to add a quote that nobody asked for.
_SURE = 0.95
_MOST_WITNESSES = 2
_MOST_HEARD = 4  # candidates for witness that are worth a pass of the reader (25 ms each)


def verify(
    statement: str,
    evidence: Sequence[Evidence],
    *,
    question: str | None = None,
    support: SupportOf | None = None,
    language: str = "en",
) -> Verdict:
    """The statement against the sentences it cites; the reasons are told in `language`.

    A sentence's context tells only who and what it is about; its article's outlet and date
    bear out introductions ("SVT, 23 April 2025: …") and relative dates. Numbers in the
    question may be repeated where no quote says otherwise. Without evidence: not supported.
    """
    if not statement.strip() or not evidence:
        return Verdict(False, 0.0, (why("uncited").told(language),))
    quotes = tuple(read(item.sentence.text) for item in evidence)
    context = tuple(read(item.context) for item in evidence if item.context)
    published = tuple(
        dict.fromkeys(e.article.published.on for e in evidence if e.article.published.on)
    )
    case = Case(
        read(statement), quotes, context, read(question) if question else None,
        _known_words(evidence), published,
    )  # fmt: skip
    shown = _shown(evidence)
    said = parts(statement)
    if len(said) == 1 or verbatim(case):
        return _judge(case, shown, support, language)
    # A claim that was added must not pass behind a sentence that the quotes bear out.
    return _worst(
        [_judge(replace(case, statement=read(part)), shown, support, language) for part in said]
    )


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    reasons = tuple(dict.fromkeys(reason for v in verdicts for reason in v.reasons))
    return Verdict(all(v.supported for v in verdicts), min(v.score for v in verdicts), reasons)


def _shown(evidence: Sequence[Evidence]) -> Reading:
    """The quotes as one text, after the title where they are of one article."""
    parts = [part for e in evidence for part in (e.context, e.sentence.text) if part]
    titles = {e.article.title for e in evidence}
    title = titles.pop() if len(titles) == 1 else None
    text = " ".join(parts)
    return read(f"{title}\n{text}" if title else text)


def also_saying(
    statement: str,
    evidence: Sequence[Evidence],
    cited: Sequence[int],
    *,
    support: SupportOf | None = None,
) -> list[Evidence]:
    """Evidence that was not cited and, alone, clearly bears the statement out: more witnesses.

    A composer cites the first sentence it finds; a reader wants to know who else says it.
    """
    others = [item for item in evidence if item.n not in cited]
    by_rules = [(verify(statement, [item]).score, item) for item in others]
    likely = [item for score, item in sorted(by_rules, key=lambda row: -row[0]) if score >= 0.5]
    verdicts = [(i, verify(statement, [i], support=support)) for i in likely[:_MOST_HEARD]]
    sure = [item for item, verdict in verdicts if verdict.supported and verdict.score >= _SURE]
    return sure[:_MOST_WITNESSES]


def check(
    statement: str,
    evidence_text: str,
    *,
    support: SupportOf | None = None,
    language: str = "en",
) -> Verdict:
    """The statement against a text, when nothing more is known of it.

    A statement of several sentences is as good as its worst one.
    """
    if not statement.strip() or not evidence_text.strip():
        return Verdict(False, 0.0, (why("nothing_there").told(language),))
    text = read(evidence_text)
    said = parts(recased(statement, text))
    return _worst([_judge(Case(read(part), (text,)), text, support, language) for part in said])


def parts(statement: str) -> list[str]:
    """The statement's sentences; a question stays with the answer that follows it."""
    spans = split_sentences(statement)
    found: list[str] = []
    for start, end in spans:
        sentence = statement[start:end].strip()
        if found and found[-1].endswith("?"):
            found[-1] = f"{found[-1]} {sentence}"
        else:
            found.append(sentence)
    return found or [statement]


def findings(case: Case) -> list[Finding]:
    """All that the rules find wrong."""
    return [
        *check_numbers(case),
        *check_codes(case),
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


@dataclass(frozen=True, slots=True)
class Weighed:
    """A statement's faults and features, and what the reader makes of it."""

    where: Situation
    found: list[Finding]
    features: dict[str, float]
    heard: Support | None

    @property
    def score(self) -> float:
        return probability(self.where, self.features)


def weigh(case: Case, shown: Reading, support: SupportOf | None) -> Weighed:
    """All that the verdict rests on; the reader gets to see `shown`, or an excerpt of it."""
    pair = alike(case.statement.text.raw, excerpt(case.statement, shown))
    scores = support([pair]) if support is not None else None
    heard = scores[0] if scores else None
    found = findings(case)
    where = situation(case, len(shown.text.raw))
    return Weighed(where, found, features(case, found, heard), heard)


def _judge(case: Case, shown: Reading, support: SupportOf | None, language: str) -> Verdict:
    if verbatim(case):
        return Verdict(True, 1.0)
    weighed = weigh(case, shown, support)
    score = weighed.score
    if score >= 0.5:
        return Verdict(True, score)
    return Verdict(False, score, all_told(_reasons(weighed), language))


def _reasons(weighed: Weighed) -> list[Reason]:
    if weighed.found:
        return [finding.reason for finding in weighed.found]
    if weighed.heard is None:
        return [why("too_little")]
    refuted = weighed.heard.refuted > weighed.heard.neutral
    return [why("something_else" if refuted else "does_not_seem")]


__all__ = ["Reading", "SupportOf", "also_saying", "check", "findings", "verify"]
