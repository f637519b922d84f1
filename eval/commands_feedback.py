"""`python -m eval from-feedback`: what visitors thought of answers, as draft cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
import yaml

from eval.cases import load_suite
from eval.commands_cases import counted, stored
from eval.feedback import FILL_IN, NEEDS_GOLD, Draft, draft_cases
from eval.terminal import say
from rag.errors import SettingsError
from rag.settings import load_settings
from rag.store.store import Store

_HEAD = f"""\
# Drafts from the feedback of visitors. Nobody has looked at them: each says
# `review: unreviewed`. Check a case, correct it, then set `review: reviewed`.
#
# Above each case stands what was said of which answer. The tag `{NEEDS_GOLD}` tells that
# it is not known what a right answer stands on or says: give `evidence` and, in the place of
# "{FILL_IN}", `accept`; then take the tag away, and
# `refuse: allowed` too where the articles do answer.
#
# The excerpts are of the articles in the data folder, so the file is used with `--data`.

cases:
"""


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command("from-feedback")(from_feedback)


def from_feedback(
    data: Annotated[Path, typer.Option("--data", help="the data folder that the chat used")],
    out: Annotated[Path, typer.Option("--out", help="the case file to write")],
) -> None:
    """Turn the stored thumbs and reasons into draft cases, one for each question."""
    if not data.is_dir():
        raise SettingsError(f"The data folder {data} does not exist: run `ordagrant ingest`.")
    if out.suffix not in (".yaml", ".yml"):
        raise SettingsError(f"The case file {out} must end in .yaml.")
    if out.exists():
        raise SettingsError(
            f"The file {out} exists and may hold reviewed cases: name another with --out."
        )
    with Store.open(load_settings(data=data)) as store:
        judged = store.feedback.all()
        if not judged:
            say(f"There is no feedback in {data}, so {out} was not written.")
            return
        made = draft_cases(judged, stored(store))
        for number, why in (
            (made.lost, "their answers are not kept, or by another version"),
            (made.even, "as many are for as against"),
        ):
            if number:
                say(f"Left out {number} of {len(judged)} verdicts: {why}.")
        if not made.drafts:
            say(f"No case could be made from the feedback in {data}, so {out} was not written.")
            return
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(as_yaml(made.drafts), "utf-8")
        except OSError as error:
            raise SettingsError(f"{out} cannot be written ({error.strerror}).") from None
        suite = load_suite(out, stored(store))
    say(f"{len(suite.cases)} draft cases: {counted(suite.cases)}")
    say(f"Written to {out}")


def as_yaml(drafts: Sequence[Draft]) -> str:
    """A case file; what visitors said stands above each case as comments."""
    return _HEAD + "\n".join(_yaml(draft) for draft in drafts)


def _yaml(draft: Draft) -> str:
    case = draft.case.model_dump(exclude_defaults=True, mode="json")
    kept = {name: value for name, value in case.items() if value not in ([], None)}
    kept |= {"split": draft.case.split}
    body = yaml.safe_dump([kept], sort_keys=False, allow_unicode=True, width=10_000)
    lines = [f"# {_one_line(note)}" for note in draft.notes] + body.rstrip("\n").split("\n")
    return "".join(f"  {line}\n" for line in lines)


def _one_line(note: str) -> str:
    """Nothing in it can end the comment, or is a character that YAML refuses."""
    told = "".join(c if c.isprintable() else " " for c in note)
    return " ".join(told.split())
