"""Drafts as a case file, written anew after each one so that an interruption loses nothing."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from eval.drafting_desk import Draft
from rag.errors import StoreError

_HEAD = """\
# Drafted by a machine (`python -m eval new`), {how}.
#
# The search and the reader of that run found each answer, or none for a question that is to be
# refused: figures over these cases flatter that system until a person has looked at them.
# `python -m eval review {name}` walks through them. The fields are told in eval/cases/schema.json.
"""
# What YAML would take for the end of a line, or refuses outright, within a quoted string.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def write_text(path: Path, text: str) -> None:
    """Puts `text` into `path` wholly or not at all. Raises `StoreError` where it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
        if path.exists():
            Path(made).chmod(path.stat().st_mode & 0o777)
        else:
            Path(made).chmod(0o644)
        Path(made).replace(path)
    except OSError as error:
        Path(made).unlink(missing_ok=True)
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from None


def quoted(text: str) -> str:
    """`text` as a YAML string in double quotes, on one line."""
    told = json.dumps(text, ensure_ascii=False)
    return _UNSAFE.sub(lambda m: f"\\u{ord(m[0]):04x}", told)


def render(drafts: Sequence[Draft], *, name: str, how: str, corpus: str | None) -> str:
    """The case file: `how` says what made it, `corpus` is the folder of its articles."""
    shorts = _short_names(d.article.id for d in drafts if d.article is not None)
    lines = [_HEAD.format(how=how, name=name)]
    if corpus is not None:
        lines.append(f"corpus: {quoted(corpus)}")
    languages = {d.article.id: d.article.language for d in drafts if d.article is not None}
    lines.append("articles:" if shorts else "articles: {}")
    for article_id, short in shorts.items():
        language = quoted(languages[article_id])  # a bare `no` would be false
        lines.append(f"  {quoted(short)}: {{id: {quoted(article_id)}, language: {language}}}")
    lines += ["", "cases:"]
    for draft in drafts:
        lines += _case(draft, shorts)
    return "\n".join(lines) + "\n"


def _case(draft: Draft, shorts: dict[str, str]) -> list[str]:
    lines = [
        f"  - id: {draft.id}",
        f"    question: {quoted(draft.question)}",
        f"    language: {draft.language}",
        f"    kind: {draft.kind}",
        f"    split: {draft.split}",
    ]
    if draft.article is not None and draft.excerpt is not None:
        where, words = quoted(shorts[draft.article.id]), quoted(draft.excerpt)
        lines += ["    evidence:", f"      - - {{article: {where}, text: {words}}}"]
    if draft.accept:
        lines += ["    accept:", f"      - [{', '.join(map(quoted, draft.accept))}]"]
    if draft.refuse:
        lines.append(f"    refuse: {'allowed' if draft.refuse == 'allowed' else 'true'}")
    lines.append("    review: unreviewed")
    return lines


def _short_names(article_ids: Iterable[str]) -> dict[str, str]:
    """By article id, a name that a case file allows; each once."""
    names: dict[str, str] = {}
    for article_id in dict.fromkeys(article_ids):
        slug = re.sub(r"[^a-z0-9_-]+", "-", article_id.lower()).strip("-_")[:60] or "article"
        number, name = 1, slug
        while name in names.values():
            number += 1
            name = f"{slug}-{number}"
        names[article_id] = name
    return names
