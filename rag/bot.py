"""The bot: a question in, an `Answer` out, in which every sentence stands on quotes.

    question -> standalone question -> hits -> evidence -> statements -> verified -> Answer

`Bot.stream` tells its door what it has as soon as it has it; `Bot.ask` waits for the end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from types import TracebackType

from rag.again import Again, Told
from rag.answering.answerability import decline_at, judged
from rag.answering.assemble import Accepted, correction_statement
from rag.answering.compose import compose
from rag.answering.extract import extract
from rag.answering.parts import judge, split
from rag.answering.phrases import phrase
from rag.answering.premise import contradicted
from rag.answering.telling import Besides, besides, in_order
from rag.answering.verify import also_saying, verify
from rag.asking import straight
from rag.calibration import Calibration, load_calibration
from rag.conversation import is_question, standalone
from rag.corpus.language import detect_question
from rag.course import Run
from rag.errors import LlmError
from rag.evidence import EvidenceFinder
from rag.models.embedding import Embedder, load_embedder
from rag.models.llm import ChatModel, OnAhead, TakesTurns, load_chat
from rag.models.progress import Progress
from rag.models.reader import Reader, load_reader
from rag.replies import Replies
from rag.retrieval import Retriever
from rag.settings import Settings
from rag.similarity import Similarity
from rag.store.store import Store
from rag.types import (
    Answer,
    Draft,
    Event,
    Evidence,
    EvidenceFound,
    EvidenceSet,
    Filters,
    Finished,
    RefusalReason,
    Removed,
    StatementAccepted,
    Turn,
)

log = logging.getLogger(__name__)

# However an LLM puts it, the best sentences are part of the answer: a 1.5B
# model's statements alone held what was asked for in 42%, the best sentences in 66% (held-out
# half of the cases, which so no longer counts as unseen for this choice).
BEST = 2


class Bot:
    """Answers questions from one store. Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        embedder: Embedder,
        reader: Reader,
        chat: ChatModel | None,
        calibration: Calibration | None = None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.embedder = embedder
        self.reader = reader
        self.chat = chat
        self.calibration = calibration or load_calibration(reader.name)
        similarity = Similarity(store, embedder)
        self.retriever = Retriever(store, similarity)
        self.finder = EvidenceFinder(store, reader, similarity, settings, self.calibration)
        self._replies = Replies(store, self.llm_label)
        self._again = Again(store)

    @classmethod
    def open(cls, settings: Settings, progress: Progress | None = None) -> Bot:
        """Opens the store and loads the models that `settings` name.

        Raises `SettingsError`, `ModelError` or `StoreError`, each with what to do about it.
        """
        store = Store.open(settings)
        try:
            embedder = load_embedder(settings, progress)
            store.check_fingerprint(embedder.name)
            reader = load_reader(settings, embedder)
            chat = load_chat(settings, progress)
        except BaseException:
            store.close()
            raise
        return cls(settings, store, embedder, reader, chat)

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> Bot:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def llm_label(self) -> str:
        return "none" if self.chat is None else self.chat.label

    def ask(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Answer:
        """The answer to `question`, in its own language; a refusal is an answer too."""
        for event in self.stream(question, history, filters):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("a stream ends with Finished")

    def evidence_for(self, question: str, filters: Filters | None = None) -> EvidenceSet:
        """What retrieval and reader find for a standalone question, before any answer."""
        run = Run(question)
        run.language = detect_question(question)
        return self._searched(run, question, filters)

    def threshold(self, language: str, *, alone: bool = False) -> float:
        """The answerability under which a question is refused before anything is composed.

        Where an LLM's doubt means something it is heard too, so less is refused outright;
        `alone`: not so here.
        """
        if self.settings.refuse_below is not None:
            return self.settings.refuse_below
        heard = not alone and self.chat is not None and language in self.calibration.declining
        return self.calibration.refuse_outright if heard else self.calibration.refuse_below

    def warm(self) -> None:
        """Loads what loads late, and has the LLM read the instructions that never change.

        A door calls this in the background, so that the first question doesn't wait 3–10 s.
        """
        question = "What is known?"
        found = self.evidence_for(question)
        if self.chat is None or not found.items:
            return
        drafts = compose(question, "en", found.items[:1], self.chat)
        try:
            next(drafts, None)
        finally:
            drafts.close()

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        *,
        cancelled: Callable[[], bool] | None = None,
        waiting: OnAhead | None = None,
    ) -> Generator[Event, None, None]:
        """Evidence, then each statement that stands, then the finished answer.

        Closing the generator stops the LLM; so does `cancelled` saying True, which can be asked
        for from another thread while the LLM is busy. `waiting` hears, from any thread, how many
        questions are ahead of this one whenever it waits for an LLM that takes one at a time.
        """
        run = Run(question.strip())
        run.language = detect_question(run.question)
        filters = filters or Filters()
        unusable = self._unusable(run, filters)
        if unusable is not None:
            yield Finished(unusable)
            return
        if self.chat is None:
            yield from self._extracted(run, history, filters, cancelled)
            return
        chat = self.chat
        if waiting is not None and isinstance(chat, TakesTurns):
            chat = chat.telling(waiting)
        yield from self._made(run, history, filters, chat, cancelled)

    def _extracted(
        self,
        run: Run,
        history: Sequence[Turn],
        filters: Filters,
        cancelled: Callable[[], bool] | None,
    ) -> Iterator[Event]:
        """An answer without an LLM: made, or given again."""
        key = self._again.key(run.question, history, filters)
        known = self._again.find(key)
        if known is not None:
            yield from known.before
            yield Finished(self._replies.again(run, known.answer))
            return
        before: list[Event] = []
        for event in self._made(run, history, filters, None, cancelled):
            if isinstance(event, Finished):  # whoever has this may ask for no more
                self._again.keep(key, Told(tuple(before), event.answer))
            before.append(event)
            yield event

    def _made(
        self,
        run: Run,
        history: Sequence[Turn],
        filters: Filters,
        chat: ChatModel | None,
        cancelled: Callable[[], bool] | None,
    ) -> Iterator[Event]:
        with run.timed("retrieve"):
            run.standalone = standalone(run.question, history, chat)
            run.asked = straight(run.standalone)
        evidence = self._of_parts(run, filters) or self._searched(run, run.asked, filters)
        yield EvidenceFound(run.standalone, evidence)
        if not evidence.items:
            matched = self._any_match(filters)
            yield Finished(
                self._replies.refusal(
                    run, "no_evidence", "no_evidence" if matched else "no_articles_match"
                )
            )
            return
        with run.timed("verify"):
            otherwise = contradicted(run.asked, run.language, evidence.items, self.reader.support)
        if not evidence.enough and otherwise is None:
            yield Finished(self._replies.refusal(run, "no_evidence", "no_evidence", evidence))
            return
        beside = Besides()
        if otherwise is not None:
            told = iter([correction_statement(otherwise, run.language)])
        else:
            with run.timed("verify"):
                beside = besides(run.asked, run.language, evidence, self.reader.read)
            statements = self._statements(run, evidence, chat, cancelled)
            told = in_order(statements, beside.changes, evidence, run.asked, run.language)
        accepted: list[Accepted] = []
        for one in told:
            accepted.append(one)
            yield StatementAccepted(one.text, one.evidence)
        if cancelled is not None and cancelled():
            return
        yield Finished(self._finish(run, evidence, accepted, beside))

    def _searched(
        self, run: Run, question: str, filters: Filters | None, *, alone: bool = False
    ) -> EvidenceSet:
        with run.timed("retrieve"):
            hits = self.retriever.search(question, run.language, self.settings.hits, filters)
        with run.timed("evidence"):
            found = self.finder.find(question, run.language, hits)
            threshold = self.threshold(run.language, alone=alone)
            return judged(question, found, self.calibration, threshold)

    def _of_parts(self, run: Run, filters: Filters) -> EvidenceSet | None:
        """The evidence of the question's parts that are answered; None where it has no parts,
        or none of them is answered. An LLM's doubt is not heard about single parts."""
        parts = split(run.asked, run.language)
        before = [Turn("user", part.question) for part in parts]
        alone = [
            replace(part, question=standalone(part.question, before[:i], None, run.language))
            for i, part in enumerate(parts)
        ]
        found = judge(
            alone,
            lambda question: self._searched(run, question, filters, alone=True),
            self.settings.evidence,
        )
        if found is None:
            return None
        run.asked = found.question
        run.unanswered = tuple(
            phrase("unanswered", run.language, part=words) for words in found.unanswered
        )
        return found.evidence

    def _unusable(self, run: Run, filters: Filters) -> Answer | None:
        """The reply to what is not a question that these articles could answer."""
        limit = self.settings.max_question_chars
        if len(run.question) > limit:
            return self._replies.refusal(run, "not_a_question", "too_long", limit=limit)
        if not is_question(run.question, run.language):
            return self._replies.refusal(run, "not_a_question", "not_a_question")
        if self.store.count()[0] == 0:
            return self._replies.refusal(run, "no_evidence", "no_articles")
        return None

    def _any_match(self, filters: Filters) -> bool:
        return filters.empty or self.store.articles(filters=filters, limit=1)[1] > 0

    def _statements(
        self,
        run: Run,
        evidence: EvidenceSet,
        chat: ChatModel | None,
        cancelled: Callable[[], bool] | None,
    ) -> Iterator[Accepted]:
        """The composer's statements that stand, and the best sentences it left out.

        The best sentences themselves, if none stands.
        """
        stood = False
        declined = False
        cited: set[int] = set()
        if chat is not None:
            drafts = compose(
                run.asked,
                run.language,
                evidence.items,
                chat,
                decline_at=decline_at(evidence, run.language, self.calibration),
                cancelled=cancelled,
            )
            composed = 0
            try:
                for draft in run.each("compose", drafts):
                    composed += 1
                    one = self._verified(run, draft, evidence)
                    if one is not None:
                        stood = True
                        cited.update(e.n for e in one.evidence)
                        yield one
                declined = composed == 0
            except LlmError as error:
                log.warning("trace %s: %s", run.trace_id, error)
                run.removed.append(
                    Removed(
                        text=phrase("llm_answer", run.language),
                        reason=phrase("llm_failed", run.language, error=error),
                    )
                )
            finally:
                drafts.close()
            if (reply := drafts.reply) is not None:
                run.tokens = {"prompt": reply.prompt_tokens, "output": reply.output_tokens}
        if declined or (cancelled is not None and cancelled()):
            return
        quotes = extract(run.asked, run.language, evidence.items, self.calibration.extracting)
        if stood:
            quotes = [q for q in quotes[:BEST] if not cited.issuperset(q.cites)]
        for draft in quotes:
            one = self._verified(run, draft, evidence)
            if one is not None:
                yield one

    def _verified(self, run: Run, draft: Draft, evidence: EvidenceSet) -> Accepted | None:
        cited = evidence.by_number(draft.cites)
        with run.timed("verify"):
            verdict = verify(
                draft.text,
                cited,
                question=run.asked,
                support=self.reader.support,
                language=run.language,
            )
            also = (
                also_saying(draft.text, evidence.items, draft.cites, support=self.reader.support)
                if cited and verdict.supported
                else []
            )
        if verdict.supported and cited:
            return Accepted(draft.text, (*cited, *also))
        run.removed.append(Removed(text=draft.text, reason=" ".join(verdict.reasons)))
        return None

    def _finish(
        self, run: Run, evidence: EvidenceSet, accepted: list[Accepted], beside: Besides
    ) -> Answer:
        if not accepted:
            reason: RefusalReason = "unverified" if run.removed else "no_evidence"
            return self._replies.refusal(run, reason, reason, evidence)
        return self._replies.answer(run, evidence, accepted, beside)


__all__ = ["Bot", "Evidence"]
