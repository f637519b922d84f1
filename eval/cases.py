"""Case files: YAML in, checked cases out, every complaint with its line.

A case file is read in three steps: YAML (duplicate keys refused), shape (unknown keys and wrong
types refused), sense (every excerpt occurs exactly once in its article, ids are unique, regular
expressions compile, a case that must be answered says what the answer must hold).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from eval.matching import PatternError, compile_form
from rag.errors import SettingsError

CASES = Path(__file__).parent / "cases"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Text = Annotated[str, StringConstraints(min_length=1)]
Split = Literal["dev", "test"]
TextOf = Callable[[str], str | None]

# A broken file can yield hundreds of complaints; the first ones tell what to do.
_SHOWN = 20


class CaseFileError(SettingsError):
    """A case file cannot be used; the message names every fault with its line."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Excerpt(_Model):
    """Exact words of an article, which is named by its short name in the file."""

    article: Name
    text: Text


class ArticleRef(_Model):
    """What a short name in a case file stands for."""

    id: Text
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]


class Case(_Model):
    """A question and what counts as right. See the head of `seeds.yaml` for the fields."""

    id: Name
    question: Text
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]*$")]
    split: Split
    evidence: list[list[Excerpt]] = []
    also: list[Excerpt] = []
    accept: list[list[Text]] = []
    refuse: bool | Literal["allowed"] = False
    must_not_say: list[Text] = []


class _File(_Model):
    corpus: str | None = None
    articles: dict[Name, ArticleRef]
    cases: list[Case]


@dataclass(frozen=True, slots=True)
class Gold:
    """An excerpt found in its article: `text_of(article_id)[start:end] == text`."""

    article_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class GoldCase:
    """A case with its excerpts at their addresses.

    `groups` must all be cited, any one excerpt of each; `also` may be. `direction` is
    `en->sv` when the question is English and all the evidence Swedish, `mixed` when the
    evidence is in several languages, None without evidence.
    """

    case: Case
    groups: tuple[tuple[Gold, ...], ...]
    also: tuple[Gold, ...]
    direction: str | None


@dataclass(frozen=True, slots=True)
class Suite:
    """A checked case file and the folder of the articles it asks about."""

    name: str
    path: Path
    corpus: Path | None
    cases: tuple[GoldCase, ...]

    def select(
        self, *, kind: str | None = None, split: str = "all", limit: int | None = None
    ) -> tuple[GoldCase, ...]:
        """The cases of a kind and a split; raises `SettingsError` when none is left."""
        chosen = [
            g
            for g in self.cases
            if (kind is None or g.case.kind == kind) and split in ("all", g.case.split)
        ]
        if not chosen:
            kinds = ", ".join(sorted({g.case.kind for g in self.cases}))
            raise SettingsError(
                f"{self.path} has no case of kind {kind} in the split {split}: "
                f"its kinds are {kinds}, the splits dev, test and all."
            )
        return tuple(chosen[:limit])


def find_case_file(name: str) -> Path:
    """A path, or the name of a file in `eval/cases/` without its ending."""
    for path in (Path(name), CASES / f"{name}.yaml"):
        if path.is_file():
            return path
    known = ", ".join(sorted(p.stem for p in CASES.glob("*.yaml")))
    raise SettingsError(f"There is no case file {name}: give a path or one of {known}.")


def corpus_texts(folder: Path) -> dict[str, str]:
    """The text of each .txt article in a folder, by article id (the name without ending).

    Read here on its own, not through `rag`: quotes are to be compared with the files.
    """
    if not folder.is_dir():
        raise SettingsError(f"The corpus folder {folder} does not exist: correct `corpus`.")
    texts: dict[str, str] = {}
    for path in sorted(folder.rglob("*.txt")):
        text = path.read_bytes().decode("utf-8")
        texts[path.stem] = text.replace("\r\n", "\n").replace("\r", "\n")
    return texts


def load_suite(path: Path, text_of: TextOf | None = None) -> Suite:
    """Reads and checks a case file; `text_of` gives the articles of a file without `corpus`.

    Raises `CaseFileError` with every fault found, as `file:line: what is wrong`.
    """
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseFileError(f"{path} cannot be read: {error}.") from None
    data, lines = _parse(path, source)
    file = _shape(path, data, lines)
    corpus = None if file.corpus is None else (path.parent / file.corpus).resolve()
    if corpus is not None:
        text_of = corpus_texts(corpus).get
    if text_of is None:
        raise CaseFileError(
            f"{path}: it names no `corpus`, so the articles must come from `--data DIR`."
        )
    return Suite(path.stem, path, corpus, _resolve(path, file, lines, text_of))


Lines = dict[tuple[str | int, ...], int]


@dataclass(slots=True)
class _Faults:
    path: Path
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        self.found.append((line, text))

    def raise_if_any(self) -> None:
        if not self.found:
            return
        shown = [f"{self.path}:{line}: {text}" for line, text in sorted(self.found)[:_SHOWN]]
        if len(self.found) > _SHOWN:
            shown.append(f"... and {len(self.found) - _SHOWN} more")
        raise CaseFileError("\n".join(shown))


def _parse(path: Path, source: str) -> tuple[Any, Lines]:
    """Plain data, and the line on which each part of it begins."""
    lines: Lines = {}
    faults = _Faults(path)
    try:
        root = yaml.compose(source, Loader=yaml.SafeLoader)
        if root is None:
            raise CaseFileError(f"{path} is empty: it must have `articles` and `cases`.")
        _walk(root, (), lines, faults)
        data = yaml.safe_load(source)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CaseFileError(f"{path}:{line}: this is not valid YAML: {error.problem}.") from None
    faults.raise_if_any()
    return data, lines


def _walk(node: yaml.Node, at: tuple[str | int, ...], lines: Lines, faults: _Faults) -> None:
    lines[at] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*at, index), lines, faults)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                faults.add(key.start_mark.line + 1, f"the key `{name}` is given twice.")
            seen.add(name)
            _walk(value, (*at, name), lines, faults)
            lines[(*at, name)] = key.start_mark.line + 1


def _shape(path: Path, data: Any, lines: Lines) -> _File:
    try:
        return _File.model_validate(data)
    except ValidationError as error:
        faults = _Faults(path)
        for fault in error.errors():
            at = fault["loc"]
            faults.add(_line(lines, at), f"{_where(at)}: {_complaint(fault['type'], fault['msg'])}")
        faults.raise_if_any()
        raise AssertionError("a validation error has faults") from error


def _complaint(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such field."
    if kind == "missing":
        return "this field is required."
    return message + "."


def _line(lines: Lines, at: Sequence[str | int]) -> int:
    """The line of the innermost part that exists (a missing field has none of its own)."""
    known = (lines.get(tuple(at[:n])) for n in range(len(at), -1, -1))
    return next(line for line in known if line is not None)


def _where(at: Iterable[str | int]) -> str:
    out = ""
    for part in at:
        out += f"[{part}]" if isinstance(part, int) else f".{part}"
    return out.lstrip(".") or "the file"


def _resolve(path: Path, file: _File, lines: Lines, text_of: TextOf) -> tuple[GoldCase, ...]:
    faults = _Faults(path)
    for name, ref in file.articles.items():
        if text_of(ref.id) is None:
            faults.add(_line(lines, ("articles", name)), f"the corpus has no article {ref.id}.")
    faults.raise_if_any()
    seen: dict[str, int] = {}
    resolved = []
    for index, case in enumerate(file.cases):
        at = ("cases", index)
        line = _line(lines, at)
        if case.id in seen:
            faults.add(line, f"the id {case.id} is already used on line {seen[case.id]}.")
        seen[case.id] = line
        _check_sense(case, line, faults)

        def find(excerpt: Excerpt, *place: str | int, at: Any = at) -> Gold | None:
            return _find(excerpt, file.articles, text_of, _line(lines, (*at, *place)), faults)

        groups = [
            [find(e, "evidence", g, n) for n, e in enumerate(group)]
            for g, group in enumerate(case.evidence)
        ]
        also = [find(e, "also", n) for n, e in enumerate(case.also)]
        resolved.append(
            GoldCase(
                case,
                tuple(tuple(x for x in group if x) for group in groups),
                tuple(x for x in also if x),
                _direction(case, file.articles),
            )
        )
    faults.raise_if_any()
    return tuple(resolved)


def _check_sense(case: Case, line: int, faults: _Faults) -> None:
    if case.refuse is True and (case.evidence or case.accept):
        faults.add(line, f"{case.id}: what must be refused has no evidence and nothing to accept.")
    if case.refuse is not True and not case.accept:
        faults.add(line, f"{case.id}: it says nothing that the answer must hold (`accept`).")
    if case.refuse is False and not case.evidence:
        faults.add(line, f"{case.id}: it names no `evidence` that the answer must stand on.")
    if any(not group for group in [*case.evidence, *case.accept]):
        faults.add(line, f"{case.id}: a group of `evidence` or `accept` is empty.")
    for form in [*case.must_not_say, *(form for group in case.accept for form in group)]:
        try:
            compile_form(form)
        except PatternError as error:
            faults.add(line, f"{case.id}: {error}")


def _find(
    excerpt: Excerpt,
    articles: dict[str, ArticleRef],
    text_of: TextOf,
    line: int,
    faults: _Faults,
) -> Gold | None:
    ref = articles.get(excerpt.article)
    if ref is None:
        faults.add(line, f"`{excerpt.article}` is not among the file's `articles`.")
        return None
    text = text_of(ref.id) or ""
    times = text.count(excerpt.text)
    if times != 1:
        how = "does not occur" if times == 0 else f"occurs {times} times, make it longer:"
        faults.add(line, f"the excerpt {how} in {ref.id}: {excerpt.text[:60]!r}.")
        return None
    start = text.index(excerpt.text)
    return Gold(ref.id, start, start + len(excerpt.text), excerpt.text)


def _direction(case: Case, articles: dict[str, ArticleRef]) -> str | None:
    found = {
        articles[e.article].language
        for group in case.evidence
        for e in group
        if e.article in articles
    }
    if not found:
        return None
    return f"{case.language}->{found.pop()}" if len(found) == 1 else "mixed"
