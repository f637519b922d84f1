"""Judges: does a statement follow from its quotes, an answer address its question, is it right?

A judge rules on items and its ruling may be "unjudged": what a judge could not tell is in no
figure, least of all as a zero. Two kinds: the built-in verifier and reader, here, and any LLM
(`eval.judges_llm`). How far to trust a judge is measured by `eval.judge_calibration`.

Faithfulness is asked of each statement by itself, as in ragas (Es et al. 2023) and FActScore
(Min et al. 2023); relevance and correctness of the answer as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol, get_args

from eval.runner import Report
from rag.answering.verify import check, verify
from rag.errors import SettingsError
from rag.models.reader import Reader
from rag.settings import Settings, load_settings
from rag.types import ArticleInfo, Evidence, Passage, Published, Sentence, Span

Aspect = Literal["faithfulness", "relevance", "correctness"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
BUILT_IN = ("verifier", "rules")


@dataclass(frozen=True, slots=True)
class Shown:
    """A quote as a judge sees it; `before` is the sentence before it in its article."""

    text: str
    article_id: str
    source: str
    language: str
    title: str | None = None
    outlet: str | None = None
    published: date | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """What is to be judged: for faithfulness a statement as `claim`, else an answer.

    The claim stands on `quotes`, or on a whole `article` of which nothing else is known.
    `reference` says what a right answer holds.
    """

    id: str
    aspect: Aspect
    language: str
    claim: str
    question: str | None = None
    quotes: tuple[Shown, ...] = ()
    article: str | None = None
    reference: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """`holds` is None where it was not judged; `score` is 0..1. Of repeated runs `holds` is what
    more than half of those that judged say, `score` the share that says yes."""

    holds: bool | None
    score: float | None
    reason: str
    runs: tuple[bool | None, ...] = field(default=())


class Judge(Protocol):
    """What rules on items. `judge` gives one ruling an item, in order, and does not raise for
    what it cannot judge."""

    @property
    def name(self) -> str: ...

    @property
    def aspects(self) -> Sequence[Aspect]: ...

    @property
    def repeats(self) -> int: ...

    @property
    def tokens(self) -> int:
        """What its LLM has read and written so far; 0 for a judge without one."""
        ...

    def judge(self, items: Sequence[Item], report: Report | None = None) -> list[Ruling]: ...


class VerifierJudge:
    """The program's own verifier (faithfulness) and reader (relevance).

    Without a reader its rules alone judge, and relevance is not judged. The verifier removed
    what it does not bear out before the answer was given: on the program's own answers it is no
    independent judge, on corrupted ones and on people's labels it is.
    """

    repeats = 1  # the same input, the same ruling
    tokens = 0

    def __init__(self, reader: Reader | None) -> None:
        self._reader = reader
        self.name = "rules" if reader is None else "verifier"
        self.aspects: tuple[Aspect, ...] = ("faithfulness",)
        if reader is not None:
            self.aspects += ("relevance",)

    def judge(self, items: Sequence[Item], report: Report | None = None) -> list[Ruling]:
        rulings = []
        for n, item in enumerate(items, start=1):
            try:
                rulings.append(self._rule(item))
            except Exception as error:  # one odd text must not cost the rulings before it
                why = f"It crashed ({type(error).__name__}: {error})."
                rulings.append(Ruling(None, None, why, (None,)))
            if report is not None:
                report(f"{self.name}: {item.aspect}", n, len(items))
        return rulings

    def _rule(self, item: Item) -> Ruling:
        if item.aspect == "faithfulness":
            return self._faithful(item)
        if item.aspect == "relevance" and self._reader is not None:
            return _relevant(item, self._reader)
        return Ruling(None, None, f"The {self.name} does not judge {item.aspect}.", (None,))

    def _faithful(self, item: Item) -> Ruling:
        support = None if self._reader is None else self._reader.support
        if item.article is not None:
            verdict = check(item.claim, item.article, support=support)
        else:
            evidence = [_evidence(n, shown) for n, shown in enumerate(item.quotes, start=1)]
            verdict = verify(item.claim, evidence, question=item.question, support=support)
        reason = " ".join(verdict.reasons)
        return Ruling(verdict.supported, verdict.score, reason, (verdict.supported,))


def _evidence(n: int, shown: Shown) -> Evidence:
    """The quote as the verifier met it when the answer was made, as far as the answer tells.

    The sentence before always comes along: the verifier takes it only for who and what a quote
    is about. The offsets are not looked at here; exactness is a measure of its own.
    """
    article = ArticleInfo(
        id=shown.article_id,
        title=shown.title,
        source=shown.source,
        outlet=shown.outlet,
        language=shown.language,
        published=Published(shown.published),
        authors=(),
        sha256="",
        witness=shown.article_id,
    )
    sentence = Sentence(shown.article_id, 0, 0, len(shown.text), shown.text)
    return Evidence(n, article, sentence, 1.0, shown.before)


def _relevant(item: Item, reader: Reader) -> Ruling:
    passage = Passage(item.claim, (Span(0, len(item.claim)),))
    answerable = reader.read(item.question or "", [passage])[0].answerable
    holds = answerable >= 0.5
    reason = "" if holds else "The reader finds no answer to the question in it."
    return Ruling(holds, answerable, reason, (holds,))


def open_judge(name: str, repeats: int = 1, settings: Settings | None = None) -> Judge:
    """`verifier`, `rules` (the verifier without the trained reader) or an LLM, spelled as for
    `ordagrant --llm`. Raises `SettingsError`, `MissingExtra` or `ModelError`."""
    from rag.models.embedding import load_embedder
    from rag.models.llm import load_chat
    from rag.models.reader import load_reader

    settings = settings or load_settings()
    if name == "rules":
        return VerifierJudge(None)
    if name == "verifier":
        return VerifierJudge(load_reader(settings, load_embedder(settings)))
    from eval.judges_llm import LlmJudge

    chat = load_chat(settings.model_copy(update={"llm": name}))
    if chat is None:
        raise SettingsError(
            f"There is no judge {name}: use {', '.join(BUILT_IN)} or an LLM, such as local or "
            "ollama:NAME."
        )
    return LlmJudge(chat, repeats)
