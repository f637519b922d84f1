"""Variants of a case by rule, which need no LLM: a false premise, and a missing attribute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from eval.cases import Gold, GoldCase
from eval.drafting_checks import Dropped, Why, check_form, check_unanswered
from eval.drafting_desk import Desk, Draft
from eval.drafting_pick import Articles
from eval.drafting_rules import Names, false_premise, forms_of, missing_attributes, people
from rag.types import Article

Progress = Callable[[str, int, int], None]


class Variants:
    """Makes variants of answerable cases over the articles of a store."""

    def __init__(self, store: Articles, names: Names, desk: Desk) -> None:
        """`names` may take the place of others (see `drafting.names_of`)."""
        self._store = store
        self._names = names
        self._desk = desk

    def run(self, cases: Sequence[GoldCase], progress: Progress | None = None) -> None:
        """A false premise and an unanswerable question for each case, until the plan is full."""
        desk = self._desk
        for gold in cases:
            case = gold.case
            if case.language not in desk.plan.languages or case.refuse is not False or case.history:
                continue
            for kind, make in (
                ("false_premise", self.false_premise),
                ("unanswerable", self.unanswerable),
            ):
                if desk.full:
                    return
                if progress is not None:
                    progress(f"{kind} of {case.id}", sum(desk.tally.kept.values()), desk.plan.n)
                self._one(kind, make, gold)

    def _one(self, kind: str, make: Callable[[GoldCase, Random], Draft], gold: GoldCase) -> None:
        rng = Random(f"{self._desk.plan.seed} {gold.case.id} {kind}")  # noqa: S311 - no secret
        self._desk.judged(kind, lambda: make(gold, rng))

    def false_premise(self, gold: GoldCase, rng: Random) -> Draft:
        """The case's question with a value changed that it shares with an excerpt of its own.
        Raises `Dropped`."""
        case = gold.case
        for excerpt in (e for group in gold.groups for e in group):
            article = self._article(excerpt)
            found = false_premise(
                case.question, case.language, excerpt.text, article.text, rng, self._names
            )
            if found is None:
                continue
            check_form(found.question, case.language)
            self._desk.found(found.question, excerpt)
            return Draft(
                self._desk.id(case.id, "false_premise"), found.question, case.language,
                "false_premise", case.split, article.info, excerpt.text,
                tuple(forms_of(found.true, case.language)), "allowed",
            )  # fmt: skip
        raise Dropped(Why.NOTHING_FALSE)

    def unanswerable(self, gold: GoldCase, rng: Random) -> Draft:
        """A question on a person of the case that nothing in the corpus answers. Raises
        `Dropped`."""
        case = gold.case
        texts = [(e.text, self._article(e).info.language) for group in gold.groups for e in group]
        named = [name for text, language in texts for name in people(text, language)]
        if not named:
            raise Dropped(Why.NOBODY)
        question = rng.choice(missing_attributes(rng.choice(named), case.language))
        check_form(question, case.language)
        check_unanswered(self._desk.judge, question)
        return Draft(
            self._desk.id(case.id, "unanswerable"), question, case.language, "unanswerable",
            case.split, refuse=True,
        )  # fmt: skip

    def _article(self, excerpt: Gold) -> Article:
        article = self._store.article(excerpt.article_id)
        if article is None:
            raise Dropped(Why.NOT_ONCE)
        return article
