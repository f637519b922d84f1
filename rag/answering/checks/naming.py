"""Names of a statement against those of its quotes."""

from __future__ import annotations

from rag.answering.checks.case import Case, Finding
from rag.answering.checks.names import index_names, missing_part


def check_names(case: Case) -> list[Finding]:
    """Each name must be in a quote, its context, or what introduces it."""
    language = case.statement.text.language
    index = index_names((r.text, r.names) for r in case.sources())
    asked = case.question and index_names([(case.question.text, case.question.names)])
    competing = asked is not None and _competing(case)
    found = []
    for name in case.statement.names:
        introduced = all(part in case.known for part in name.parts)
        if introduced or missing_part(name, index, language) is None:
            continue
        # A name only the question gives is fine unless the quotes name somebody else.
        if asked and not competing and missing_part(name, asked, language) is None:
            continue
        found.append(Finding("name", f"{name.text} is not in its quote."))
    return found


def _competing(case: Case) -> bool:
    """Whether the quotes name someone or something that the statement does not."""
    index = index_names([(case.statement.text, case.statement.names)])
    return any(
        missing_part(name, index, quote.text.language) is not None
        for quote in case.quotes
        for name in quote.names
    )
