"""The finished answer or refusal of a run: quotes sliced from their articles, and kept for later.

Only here is an `Answer` made.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rag.answering.assemble import Accepted, Quotes, prose
from rag.answering.phrases import phrase
from rag.answering.telling import Besides, tell
from rag.course import Run
from rag.errors import StoreError
from rag.store.store import Store
from rag.types import Answer, EvidenceSet, Refusal, RefusalReason

log = logging.getLogger(__name__)

# A refusal shows the passages that came nearest; more would read like an answer.
NEAREST = 3


class Replies:
    """Makes and records answers. Safe to share between threads."""

    def __init__(self, store: Store, llm_label: str) -> None:
        self._store = store
        self._llm = llm_label

    def answer(
        self, run: Run, evidence: EvidenceSet, accepted: Sequence[Accepted], beside: Besides
    ) -> Answer:
        """The answer that `accepted` (at least one) makes, with what is told besides."""
        quotes = self._quotes()
        told = tell(accepted, beside, evidence, quotes, run.language)
        return self._record(
            Answer(
                question=run.question,
                standalone_question=run.standalone,
                language=run.language,
                status="partial" if run.unanswered else "answered",
                answer=" ".join([prose(told.statements), *run.unanswered]),
                statements=told.statements,
                conflicts=told.conflicts,
                changes=told.changes,
                unanswered=run.unanswered,
                quotes=quotes.all(),
                removed=tuple(run.removed),
                llm=self._llm,
                timings_ms=run.finish(),
                tokens=run.tokens,
                trace_id=run.trace_id,
            )
        )

    def refusal(
        self,
        run: Run,
        reason: RefusalReason,
        words: str,
        evidence: EvidenceSet | None = None,
        **values: object,
    ) -> Answer:
        """A refusal in our phrase `words`, with what came nearest."""
        quotes = self._quotes()
        nearest = quotes.cite(evidence.items[:NEAREST]) if evidence else ()
        return self._record(
            Answer(
                question=run.question,
                standalone_question=run.standalone,
                language=run.language,
                status="refused",
                answer=phrase(words, run.language, **values),
                quotes=quotes.all(),
                removed=tuple(run.removed),
                refusal=Refusal(reason=reason, nearest=nearest),
                llm=self._llm,
                timings_ms=run.finish(),
                tokens=run.tokens,
                trace_id=run.trace_id,
            )
        )

    def again(self, run: Run, answer: Answer) -> Answer:
        """The answer of an earlier run, as the answer of this one."""
        own = {"timings_ms": run.finish(), "trace_id": run.trace_id}
        return self._record(answer.model_copy(update=own))

    def _quotes(self) -> Quotes:
        texts: dict[str, str] = {}

        def text_of(article_id: str) -> str:
            if article_id not in texts:
                article = self._store.article(article_id)
                if article is None:
                    raise StoreError(
                        f"The article {article_id} was removed while being quoted: ask again."
                    )
                texts[article_id] = article.text
            return texts[article_id]

        return Quotes(text_of)

    def _record(self, answer: Answer) -> Answer:
        """Keeps the answer for later checking; a full disk must not cost the answer itself."""
        try:
            self._store.record_answer(answer)
        except StoreError as error:
            log.warning("trace %s: the answer was not recorded: %s", answer.trace_id, error)
        return answer
