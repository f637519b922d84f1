"""Draft cases from what visitors thought of the answers: their thumbs and reasons, by question.

A draft is a case of kind `feedback` that nobody has looked at: `review: unreviewed`. Liked
statements give the evidence and what the answer must hold, disliked ones what it must not say, a
liked refusal a question to refuse. Where the feedback says only that something was wrong, the tag
`needs-gold` and the words of `FILL_IN` mark what a person must add; until then the case fails.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from eval.case_schema import Case, Excerpt
from eval.cases import TextOf
from eval.matching import PatternError, found, normalise
from rag.store.feedback import Feedback, Judged
from rag.types import Answer, Quote, Statement

KIND = "feedback"
NEEDS_GOLD = "needs-gold"
FILL_IN = "FILL IN what the answer must hold"
# An excerpt must be the only one of its article: so often some characters are added on both sides.
_ATTEMPTS, _STEP = 20, 20
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?: %)?(?![\w.])")

Address = tuple[str, int, str]  # a quote's article, start and words


@dataclass(frozen=True, slots=True)
class Draft:
    """A case, and what visitors said that it was made from: a sentence each, for the reviewer."""

    case: Case
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drafts:
    """The drafts, and how many verdicts none could be made from."""

    drafts: tuple[Draft, ...]
    lost: int  # their answer is not kept, or is of another version
    even: int  # as many for as against


@dataclass(slots=True)
class _Question:
    """All that was said about one question, thumbs up counted 1 and thumbs down -1."""

    question: str
    language: str
    refusal: int = 0
    answer: int = 0
    statements: Counter[str] = field(default_factory=Counter)
    quotes: Counter[Address] = field(default_factory=Counter)
    carried: dict[str, list[Address]] = field(default_factory=dict)  # statement -> its quotes
    nearest: list[Address] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    verdicts: int = 0


def draft_cases(judged: Iterable[Judged], text_of: TextOf) -> Drafts:
    """One draft for each question that was judged more one way than the other."""
    questions: dict[str, _Question] = {}
    lost = 0
    for one in judged:
        if one.answer is None:
            lost += 1
            continue
        asked = one.answer.standalone_question.strip() or one.answer.question.strip()
        key = _folded(asked)
        if not key:
            lost += 1
            continue
        if key not in questions:
            questions[key] = _Question(asked, _language(one.answer))
        if not _count(questions[key], one.feedback, one.answer):
            lost += 1
    drafts = {key: _draft(key, about, text_of) for key, about in questions.items()}
    even = sum(questions[key].verdicts for key, draft in drafts.items() if draft is None)
    return Drafts(tuple(d for d in drafts.values() if d is not None), lost, even)


def _count(about: _Question, given: Feedback, answer: Answer) -> bool:
    """Add a verdict; False where the answer has nothing of that number."""
    by_number = {quote.n: quote for quote in answer.quotes}
    worth = 1 if given.verdict == "up" else -1
    if given.target == "quote":
        if given.index not in by_number:
            return False
        quote = by_number[given.index]
        about.quotes[_address(quote)] += worth
        what = f"the quote {quote.text!r}"
    elif given.target == "statement":
        if given.index >= len(answer.statements):
            return False
        statement = answer.statements[given.index]
        _judge(about, statement, by_number, worth)
        what = f"the statement {statement.text!r}"
    elif answer.refusal is not None:
        about.refusal += worth
        near = [by_number[n] for n in answer.refusal.nearest if n in by_number]
        about.nearest += [a for a in map(_address, near) if a not in about.nearest]
        what = "the refusal"
    else:
        about.answer += worth
        if worth > 0:  # an answer that is wrong may hold statements that are right
            for statement in answer.statements:
                _judge(about, statement, by_number, worth)
        what = "the answer"
    about.verdicts += 1
    reason = f": {given.reason}" if given.reason else ""
    about.notes.append(f"thumbs {given.verdict} on {what}{reason}")
    return True


def _judge(about: _Question, statement: Statement, by_number: dict[int, Quote], worth: int) -> None:
    about.statements[statement.text] += worth
    about.carried[statement.text] = [
        _address(by_number[n]) for n in statement.quotes if n in by_number
    ]


def _draft(key: str, about: _Question, text_of: TextOf) -> Draft | None:
    """The case, or None where opinions are even."""
    liked = [text for text, votes in about.statements.items() if votes > 0]
    wrong = [text for text, votes in about.statements.items() if votes < 0]
    evidence, held = _evidence(about, liked, text_of)
    forms = [form for text in wrong for form in _whole(text)]
    values: dict[str, object] = {"must_not_say": forms}
    tags = [KIND]
    if evidence:
        accept = [group for text in held for group in _accept(text, forms)]
        values |= {"evidence": evidence, "accept": accept or [[FILL_IN]]}
        values |= {"reference": " ".join(held).strip() or None}
        tags += [] if accept else [NEEDS_GOLD]
    elif about.refusal > 0 and not wrong:
        values |= {"refuse": True}
    elif about.refusal < 0 and (near := _group(about.nearest, text_of)):
        values |= {"evidence": [near], "accept": [[FILL_IN]]}
        tags.append(NEEDS_GOLD)
    elif _uneven(about):
        # What the answer should have stood on is unknown, so nothing is demanded of it yet.
        values |= {"refuse": "allowed", "accept": [[FILL_IN]]}
        tags.append(NEEDS_GOLD)
    else:
        return None
    case = Case.model_validate(
        {
            "id": f"feedback-{hashlib.sha256(key.encode()).hexdigest()[:10]}",
            "question": about.question,
            "language": about.language,
            "kind": KIND,
            "split": "dev",
            "review": "unreviewed",
            "tags": tags,
            **values,
        }
    )
    return Draft(case, tuple(about.notes))


def _evidence(
    about: _Question, liked: Sequence[str], text_of: TextOf
) -> tuple[list[list[Excerpt]], list[str]]:
    """Groups of excerpts, and the liked statements that have one: any of its quotes will do."""
    groups: dict[tuple[Address, ...], list[Excerpt]] = {}
    held = []
    for text in liked:
        own = tuple(a for a in about.carried[text] if about.quotes[a] >= 0)
        if group := _group(own, text_of):
            groups[own] = group
            held.append(text)
    used = {address for own in groups for address in own}
    for address, votes in about.quotes.items():
        if votes > 0 and address not in used and (group := _group([address], text_of)):
            groups[address,] = group
    return list(groups.values()), held


def _group(addresses: Iterable[Address], text_of: TextOf) -> list[Excerpt]:
    found_there = (_excerpt(address, text_of) for address in addresses)
    return [excerpt for excerpt in found_there if excerpt is not None]


def _excerpt(address: Address, text_of: TextOf) -> Excerpt | None:
    """The quote's words, with as much around them as makes them the only ones of the article.

    None where the article is gone, no longer says so, or says so again and again.
    """
    article_id, start, words = address
    text = text_of(article_id)
    if text is None or not words or words not in text:
        return None
    if not text.startswith(words, start):
        start = text.index(words)
    end = start + len(words)
    for attempt in range(_ATTEMPTS):
        if attempt:  # some more words on both sides
            start = text.rfind(" ", 0, max(0, start - _STEP)) + 1
            end = text.find(" ", end + _STEP) if " " in text[end + _STEP :] else len(text)
        if text.count(text[start:end]) == 1:
            return Excerpt(article=article_id, text=text[start:end])
    return None


def _accept(text: str, forbidden: Sequence[str]) -> list[list[str]]:
    """What an answer that says this must hold: its numbers; without any, its words."""
    said = normalise(text)
    numbers = [[number] for number in dict.fromkeys(_NUMBER.findall(said)) if _finds(number, said)]
    return [group for group in numbers or [_whole(text)] if group and group[0] not in forbidden]


def _whole(text: str) -> list[str]:
    """A statement as a form to look for; nothing where it has no word."""
    said = normalise(text)
    return [said] if _finds(said, said) else []


def _finds(form: str, said: str) -> bool:
    try:
        return found(form, said)
    except PatternError:
        return False


def _uneven(about: _Question) -> bool:
    """Is anything judged more one way than the other?"""
    votes = (about.refusal, about.answer, *about.statements.values(), *about.quotes.values())
    return any(votes)


def _address(quote: Quote) -> Address:
    return quote.article_id, quote.start, quote.text


def _folded(question: str) -> str:
    return " ".join(question.casefold().split()).rstrip(" ?!.")


def _language(answer: Answer) -> str:
    return answer.language if re.fullmatch("[a-z]{2}", answer.language) else "en"
