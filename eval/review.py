"""A person looks at drafted cases, one by one: `python -m eval review FILE`.

Each step is checked as the whole file would be and then written at once, so that stopping at any
point loses nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from eval.cases import CaseFileError, Gold, GoldCase, Suite, TextOf, corpus_texts, load_suite
from eval.drafting_file import write_text
from eval.review_source import Value, case_text
from rag.answering.wording import one_line
from rag.errors import InputError

# Asks a person: what to show, and the text to begin with; raises EOFError at the end of input.
Ask = Callable[[str, str], str]

CONTEXT = 240  # characters of the article shown to each side of an excerpt
_KEYS = "[k]eep  [e]dit question  edit [a]nswers  [d]rop  [s]kip  [u]ndo  [q]uit: "
_ANY, _ALL = " | ", " && "


@dataclass(slots=True)
class Reviewed:
    """What a review came to."""

    kept: int = 0
    dropped: int = 0
    left: int = 0  # still unreviewed in the file


@dataclass(slots=True)
class _State:
    """A file under review. `past` are its earlier texts, each with the case it was changed at."""

    path: Path
    text_of: TextOf
    text: str
    suite: Suite
    past: list[tuple[str, str]] = field(default_factory=list)

    def change(self, case_id: str, make: Callable[[int], str]) -> None:
        """Writes the text that `make` gives for the case's place. Raises `CaseFileError` where
        that is not a valid case file; nothing is written then."""
        place = next(n for n, g in enumerate(self.suite.cases) if g.case.id == case_id)
        new = make(place)
        suite = _checked(self.path, new, self.text_of)
        write_text(self.path, new)
        self.past.append((case_id, self.text))
        self.text, self.suite = new, suite

    def undo(self) -> str | None:
        """Takes the last change back; the id of its case, or None where there is none."""
        if not self.past:
            return None
        case_id, text = self.past.pop()
        write_text(self.path, text)
        self.text, self.suite = text, _checked(self.path, text, self.text_of)
        return case_id

    def set(self, case_id: str, name: str, value: Value) -> None:
        self.change(case_id, lambda n: case_text(self.path, self.text).having(n, name, value))

    def drop(self, case_id: str) -> None:
        self.change(case_id, lambda n: case_text(self.path, self.text).without(n))

    def case(self, case_id: str) -> GoldCase | None:
        return next((g for g in self.suite.cases if g.case.id == case_id), None)


def review_file(
    path: Path, console: Console, ask: Ask, *, text_of: TextOf | None = None, again: bool = False
) -> Reviewed:
    """Walks through the unreviewed cases of a file (`again`: all). Raises `CaseFileError`."""
    suite = load_suite(path, text_of)
    if text_of is None and suite.corpus is not None:
        text_of = corpus_texts(suite.corpus).get
    if text_of is None:
        raise InputError(f"{path} names no corpus: give `--data DIR`.")
    state = _State(path, text_of, path.read_text("utf-8"), suite)
    case_text(path, state.text)  # a file that cannot be edited in place is told of at once
    waiting = [g.case.id for g in suite.cases if again or g.case.review == "unreviewed"]
    if not waiting:
        console.print("Every case is reviewed.", markup=False)
        return Reviewed()
    at = 0
    done = False
    while at < len(waiting) and not done:
        try:
            at, done = _one(state, waiting, at, console, ask)
        except (EOFError, KeyboardInterrupt):
            done = True
    return _summed(state, suite, console)


def _summed(state: _State, before: Suite, console: Console) -> Reviewed:
    was = {g.case.id: g.case.review for g in before.cases}
    now = [g.case for g in state.suite.cases]
    out = Reviewed(
        kept=sum(c.review == "reviewed" and was[c.id] == "unreviewed" for c in now),
        dropped=len(was) - len(now),
        left=sum(c.review == "unreviewed" for c in now),
    )
    line = f"{out.kept} kept, {out.dropped} dropped, {out.left} still to review."
    console.print(line, markup=False, highlight=False)
    return out


def _one(
    state: _State, waiting: Sequence[str], at: int, console: Console, ask: Ask
) -> tuple[int, bool]:
    """One step at a case: the place to go on at, and whether to stop."""
    case_id = waiting[at]
    gold = state.case(case_id)
    if gold is None:
        return at + 1, False
    show(gold, state.text_of, console, f"{at + 1} of {len(waiting)}")
    key = ask(_KEYS, "").strip().lower()[:1]
    if key == "q":
        return at, True
    if key == "s":
        return at + 1, False
    if key == "u":
        undone = state.undo()
        if undone is None:
            console.print("There is nothing to undo.", markup=False)
        return (at if undone is None else waiting.index(undone)), False
    try:
        return at + _acted(state, gold, key, console, ask), False
    except CaseFileError as error:
        console.print(f"Not changed: {error}", style="red", markup=False, highlight=False)
        return at, False


def _acted(state: _State, gold: GoldCase, key: str, console: Console, ask: Ask) -> int:
    """Does what a key says; how many cases to go forward."""
    case = gold.case
    if key == "k":
        if case.review != "reviewed":
            state.set(case.id, "review", "reviewed")
        return 1
    if key == "d":
        state.drop(case.id)
        return 1
    if key == "e":
        new = one_line(ask("Question: ", case.question))
        if new and new != case.question:
            state.set(case.id, "question", new)
    elif key == "a":
        _edit_answers(state, gold, console, ask)
    else:
        console.print("Answer with one of the letters in brackets.", markup=False)
    return 0


def _edit_answers(state: _State, gold: GoldCase, console: Console, ask: Ask) -> None:
    forms = gold.case.accept
    if any(sign in form for group in forms for form in group for sign in (_ANY, _ALL)):
        console.print("These forms hold signs used for editing: edit the file.", markup=False)
        return
    console.print(f"Forms of which one will do:{_ANY}  groups that must all be found:{_ALL}",
                  markup=False, highlight=False)  # fmt: skip
    new = groups_of(ask("Answers: ", joined(forms)))
    if new != forms:
        state.set(gold.case.id, "accept", new)


def joined(groups: Sequence[Sequence[str]]) -> str:
    """Accepted forms on one line, as `groups_of` reads them."""
    return _ALL.join(_ANY.join(group) for group in groups)


def groups_of(line: str) -> list[list[str]]:
    """The groups of forms in a line; empty ones are left out."""
    groups = [
        [form for part in group.split(_ANY) if (form := one_line(part))]
        for group in line.split(_ALL)
    ]
    return [group for group in groups if group]


def _checked(path: Path, text: str, text_of: TextOf) -> Suite:
    """The suite that `text` would be in the place of `path`. Raises `CaseFileError`."""
    with tempfile.TemporaryDirectory(prefix="ordagrant-review-") as folder:
        trial = Path(folder) / path.name
        trial.write_text(text, "utf-8")
        try:
            return load_suite(trial, text_of)
        except CaseFileError as error:
            raise CaseFileError(str(error).replace(str(trial), str(path))) from None


def show(gold: GoldCase, text_of: TextOf, console: Console, place: str) -> None:
    """A case as a person judges it. All of it is told as plain text, never as markup."""
    case = gold.case
    body = Text().append(one_line(case.question), style="bold")
    if case.refuse is True:
        body.append("\n\nTo be refused: nothing in the articles answers it.", style="yellow")
    elif case.refuse == "allowed":
        body.append("\n\nRests on something untrue: refusing is right, and so is putting it right.",
                    style="yellow")  # fmt: skip
    for number, group in enumerate(gold.groups, start=1):
        for excerpt in group:
            body.append(f"\n\n{number}  {one_line(excerpt.article_id)}\n", style="dim")
            body.append_text(_in_context(excerpt, text_of(excerpt.article_id) or ""))
    if case.accept:
        body.append("\n\nmust hold  ", style="dim").append(one_line(joined(case.accept)))
    if case.must_not_say:
        body.append("\nmust not say  ", style="dim").append(
            one_line(_ANY.join(case.must_not_say)), style="red"
        )
    about = f"{place} · {case.id} · {case.kind} · {case.language} · {case.split} · {case.review}"
    console.print(Panel(body, title=Text(about), title_align="left"))


def _in_context(gold: Gold, text: str) -> Text:
    before = one_line(text[max(0, gold.start - CONTEXT) : gold.start])
    after = one_line(text[gold.end : gold.end + CONTEXT])
    out = Text(f"… {before} " if gold.start > CONTEXT else f"{before} " if before else "")
    out.stylize("dim")
    out.append(one_line(gold.text), style="bold green")
    out.append(f" {after}" + (" …" if gold.end + CONTEXT < len(text) else ""), style="dim")
    return out
