"""Drafting cases from a corpus: sentences are picked, an LLM asks about them, checks decide.

A kept case has gone the round trip (search and reader find its sentence, or nothing for a
question that is to be refused), so drafts flatter the system that they were drafted with: a
person should review them, and `hard` keeps the ones that the round trip loses too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from random import Random
from typing import Literal

from eval.case_schema import Case
from eval.cases import Gold, GoldCase
from eval.drafting_checks import Dropped, Why, check_answer, check_form, check_unanswered
from eval.drafting_desk import Desk, Draft, split_of
from eval.drafting_pick import Articles, Detail, Picked, in_turn, pick
from eval.drafting_rules import Names, changed, forms, holds, names_in
from eval.drafting_variants import Variants
from eval.drafting_write import Writer
from rag.types import Span

# What a set of drafts is made of; where the languages rule one out, the others share its part.
SHARES = {"fact": 0.5, "cross_language": 0.15, "unanswerable": 0.2, "false_premise": 0.15}
# Sentences tried for each case wanted, so that a corpus that yields nothing comes to an end.
TRIES = 6
# A draft that was dropped counts as half of one: a kind that fails gives way, but not for good.
_DROPPED = 0.5
_NAMED_ARTICLES = 80  # articles whose names may take another's place


class Drafter:
    """Drafts from the articles of a store with an LLM."""

    def __init__(self, store: Articles, writer: Writer, desk: Desk) -> None:
        self._store = store
        self._writer = writer
        self._desk = desk
        self._names = names_of(store, desk.plan.seed)
        self._variants = Variants(store, self._names, desk)

    def run(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """Drafts until the plan is full or its tries are used up."""
        plan, tally = self._desk.plan, self._desk.tally
        for picked in islice(pick(self._store, plan.seed), TRIES * plan.n):
            if self._desk.full:
                return
            kind = self._lacking(picked.info.language)
            if progress is not None:
                progress(f"{kind} of {picked.info.id}", sum(tally.kept.values()), plan.n)
            if kind is not None:
                self._draft(kind, picked)

    def _lacking(self, language: str) -> str | None:
        """The kind that is furthest from its share, of those that the languages allow."""
        languages, tally = self._desk.plan.languages, self._desk.tally
        possible = ["fact", "false_premise"] if language in languages else []
        possible += ["cross_language"] if languages - {language} else []
        possible += ["unanswerable"] if languages else []

        def done(kind: str) -> float:
            dropped = sum(tally.dropped.get(kind, Counter()).values())
            return (tally.kept[kind] + _DROPPED * dropped) / SHARES[kind]

        return min(possible, key=done, default=None)

    def _draft(self, kind: str, picked: Picked) -> None:
        rng = Random(f"{self._desk.plan.seed} {picked.info.id} {picked.sentence.index}")  # noqa: S311
        own = picked.info.language
        other = "en" if own == "sv" else "sv"
        asked_in = own if own in self._desk.plan.languages else other
        if kind == "unanswerable":
            self._desk.judged(kind, lambda: self._unanswerable(picked, asked_in))
        elif kind == "false_premise":
            self._desk.judged(kind, lambda: self._false_premise(picked, rng))
        else:
            language = other if kind == "cross_language" else own
            draft = self._desk.judged(kind, lambda: self._answered(kind, picked, language, rng))
            if draft is not None and draft.kind == "fact":
                self._variant(draft, picked, rng)

    def _variant(self, draft: Draft, picked: Picked, rng: Random) -> None:
        """A false premise made of a kept question, while some are lacking: it costs no LLM."""
        wanted = SHARES["false_premise"] * self._desk.plan.n
        if self._desk.full or self._desk.tally.kept["false_premise"] >= wanted:
            return
        case = Case(id=draft.id, question=draft.question, language=draft.language,
                    kind=draft.kind, split=draft.split)  # fmt: skip
        gold = GoldCase(case, ((_gold(picked),),), (), None)
        self._desk.judged("false_premise", lambda: self._variants.false_premise(gold, rng))

    def _answered(self, kind: str, picked: Picked, language: str, rng: Random) -> Draft:
        across = language != picked.info.language
        detail, accept = _answer(picked.details, rng, across=across)
        question = self._writer.question(picked, picked.sentence.text, detail.text, language)
        check_form(question, language)
        check_answer(question, accept, picked.sentence.text, picked.article.text)
        self._desk.found(question, _gold(picked), Span(detail.start, detail.end))
        return self._of(kind, picked, question, language, accept=tuple(accept))

    def _unanswerable(self, picked: Picked, language: str) -> Draft:
        question = self._writer.unanswerable(picked, language)
        check_form(question, language)
        check_unanswered(self._desk.judge, question)
        return Draft(
            self._desk.id(_stem(picked), "unanswerable"), question, language, "unanswerable",
            split_of(picked.info.id, picked.sentence.index), refuse=True,
        )  # fmt: skip

    def _false_premise(self, picked: Picked, rng: Random) -> Draft:
        """A question on the sentence with one value changed, which the question must repeat."""
        language, text = picked.info.language, picked.sentence.text
        if len(picked.details) < 2:
            raise Dropped(Why.NOTHING_FALSE)
        answer, untrue = rng.sample(picked.details, 2)
        other = changed(untrue, rng, self._names, picked.article.text)
        if other is None:
            raise Dropped(Why.NOTHING_FALSE)
        said = text[: untrue.start] + other + text[untrue.end :]
        question = self._writer.question(picked, said, answer.text, language)
        check_form(question, language)
        if not holds(other, question) or holds(untrue.text, question):
            raise Dropped(Why.NOTHING_FALSE)
        accept = forms(untrue)
        check_answer(question, accept, text, picked.article.text)
        self._desk.found(question, _gold(picked))
        return self._of(
            "false_premise", picked, question, language, accept=tuple(accept), refuse="allowed"
        )

    def _of(
        self, kind: str, picked: Picked, question: str, language: str,
        *, accept: tuple[str, ...], refuse: bool | Literal["allowed"] = False,
    ) -> Draft:  # fmt: skip
        return Draft(
            self._desk.id(_stem(picked), kind), question, language, kind,
            split_of(picked.info.id, picked.sentence.index),
            picked.info, picked.sentence.text, accept, refuse,
        )  # fmt: skip


def names_of(store: Articles, seed: int) -> Names:
    """Names in some of the articles, to put in the place of others."""
    infos = in_turn(store.articles(limit=10 * _NAMED_ARTICLES)[0], seed)[:_NAMED_ARTICLES]
    articles = [article for info in infos if (article := store.article(info.id)) is not None]
    return names_in((s.text, a.info.language) for a in articles for s in a.sentences)


def _answer(found: Sequence[Detail], rng: Random, *, across: bool) -> tuple[Detail, list[str]]:
    """A detail that can be the answer, and the forms to accept. Raises `Dropped`."""
    usable = [(d, f) for d in found if (f := forms(d, across=across))]
    if not usable:
        raise Dropped(Why.NO_FORM)
    return rng.choice(usable)


def _gold(picked: Picked) -> Gold:
    s = picked.sentence
    return Gold(s.article_id, s.start, s.end, s.text)


def _stem(picked: Picked) -> str:
    return f"{picked.info.id[:40]}-{picked.sentence.index}"
