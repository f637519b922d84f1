"""Cases as parametrised pytest tests, for a test suite of your own.

    # test_answers.py
    from eval.testing import answers, faults

    result = answers("my-cases.yaml", data=".ordagrant", llm="none")

    def test_answer(result):
        assert not faults(result)

Run `python -m pytest test_answers.py -k some-case-id`. Each case is a test by its id; the bot is
opened when the first one runs and closed at the end. `data` is an ingested folder; leave it out
where the case file names its own `corpus`.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from eval.cases import GoldCase, Suite, find_case_file, load_suite
from eval.runner import CaseResult, open_bot, run_case, texts_for

if TYPE_CHECKING:
    from rag.bot import Bot


def answers(
    cases: str | Path,
    *,
    data: str | Path | None = None,
    llm: str | None = "none",
    only: str | None = None,
    split: str = "all",
) -> Any:
    """A pytest fixture that is the `CaseResult` of one case after the other.

    Raises `SettingsError` when the test module is collected if the cases cannot be used.
    """
    path = find_case_file(str(cases))
    folder = None if data is None else Path(data)
    suite = _suite(path, folder)
    bots = _Opened(suite, folder, llm)

    @pytest.fixture(
        scope="module",
        params=suite.select(kind=only, split=split),
        ids=lambda gold: gold.case.id,
    )
    def result(request: pytest.FixtureRequest) -> CaseResult:
        gold: GoldCase = request.param
        bot = bots.get(request.config)
        return run_case(gold, bot, texts_for(suite, bot))

    return result


def faults(result: CaseResult) -> list[str]:
    """What is wrong with a result, a sentence each; nothing for a right and faithful answer."""
    if result.error is not None or result.score is None:
        return [f"The bot failed: {result.error}."]
    score = result.score
    found = [f"It misquotes: {fault}." for fault in score.quote_faults]
    if score.answerable is False and not score.refused:
        found.append("It answers what the articles do not say.")
    if score.answerable is True and score.refused:
        found.append("It refuses, though the articles say.")
    found += [f"It does not say {form!r}." for form in score.missing if not score.refused]
    found += [f"It says {form!r}." for form in score.said]
    said = score.statements
    for count in (said.quotations, said.numbers, said.names, said.sources):
        found += [f"Not borne out: {fault}." for fault in count.faults]
    if score.conflict is False:
        found.append("It does not show that the sources disagree.")
    return found


class _Opened:
    """One bot for all cases, opened when it is first asked for."""

    def __init__(self, suite: Suite, data: Path | None, llm: str | None) -> None:
        self._suite, self._data, self._llm = suite, data, llm
        self._bot: Bot | None = None

    def get(self, config: pytest.Config) -> Bot:
        if self._bot is None:
            stack = ExitStack()
            opening = open_bot(self._suite.corpus, self._data, self._llm)
            self._bot = stack.enter_context(opening)
            config.add_cleanup(stack.close)
        return self._bot


def _suite(path: Path, data: Path | None) -> Suite:
    """The cases, held against the articles of `data` if there is any; needs no model."""
    if data is None:
        return load_suite(path)
    from eval.commands_cases import stored
    from rag.settings import load_settings
    from rag.store.store import Store

    with Store.open(load_settings(data=data)) as store:
        return load_suite(path, stored(store))
