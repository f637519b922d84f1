"""Case files in, checked cases out: excerpts at their addresses, every complaint with its line.

`case_reading` sees to syntax and shape. Here it is sense: every excerpt occurs exactly once in
its article, ids are unique, regular expressions compile, a case that must be answered says what
the answer must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from eval.case_reading import CaseFileError, Faults, Lines, line_of, read_case_file
from eval.case_schema import Case, CaseFile, Excerpt, Message
from eval.matching import PatternError, compile_form
from rag.errors import SettingsError

__all__ = [
    "Case",
    "CaseFileError",
    "Excerpt",
    "Gold",
    "GoldCase",
    "Message",
    "Suite",
    "TextOf",
    "corpus_texts",
    "find_case_file",
    "hard",
    "load_suite",
]

CASES = Path(__file__).parent / "cases"
ENDINGS = (".yaml", ".yml", ".jsonl")
# Kinds that are hard whatever the languages: near misses, several articles, untrue premises,
# disagreeing sources, figures that were overtaken, and articles that try to mislead.
HARD_KINDS = frozenset(
    {
        "change",
        "contradiction",
        "cross_language",
        "disagreement",
        "fake_prompt",
        "fake_quotation",
        "false_premise",
        "forged_marks",
        "garbled_name",
        "homoglyph",
        "injection",
        "lookalike_name",
        "near_duplicate",
        "several_articles",
        "stale_figure",
        "unanswerable",
    }
)

TextOf = Callable[[str], str | None]


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
    evidence is in several languages, None without evidence. `outlets` gives the outlet of the
    articles of which the file tells it, by article id; `disputes` the groups of every case of
    the file on which the sources disagree: showing one of those is never wrong.
    """

    case: Case
    groups: tuple[tuple[Gold, ...], ...]
    also: tuple[Gold, ...]
    direction: str | None
    outlets: Mapping[str, str] = field(default_factory=dict)
    disputes: tuple[tuple[tuple[Gold, ...], ...], ...] = ()

    @property
    def articles(self) -> tuple[str, ...]:
        """The ids of the articles that the answer must stand on."""
        return tuple(sorted({gold.article_id for group in self.groups for gold in group}))


def hard(gold: GoldCase) -> bool:
    """Whether a case is a hard one: by its kind, languages, number of articles, or its tag."""
    case = gold.case
    crosses = gold.direction not in (None, f"{case.language}->{case.language}")
    served = [{g.article_id for g in group} for group in gold.groups]
    several = bool(served) and not set.intersection(*served)  # no one article serves all groups
    return case.kind in HARD_KINDS or crosses or several or case.conflict or "hard" in case.tags


@dataclass(frozen=True, slots=True)
class Suite:
    """A checked case file and the folder of the articles it asks about."""

    name: str
    path: Path
    corpus: Path | None
    cases: tuple[GoldCase, ...]

    def select(
        self,
        *,
        kind: str | None = None,
        split: str = "all",
        limit: int | None = None,
        unreviewed: bool = True,
    ) -> tuple[GoldCase, ...]:
        """The cases of a kind and a split; raises `SettingsError` when none is left.

        `unreviewed=False` leaves out what no person has looked at yet.
        """
        chosen = [
            g
            for g in self.cases
            if (kind is None or g.case.kind == kind)
            and split in ("all", g.case.split)
            and (unreviewed or g.case.review == "reviewed")
        ]
        if not chosen:
            kinds = ", ".join(sorted({g.case.kind for g in self.cases}))
            asked = f"{'' if unreviewed else 'reviewed '}case"
            raise SettingsError(
                f"{self.path} has no {asked} of kind {kind or 'any'} in the split {split}: "
                f"its kinds are {kinds}, the splits dev, test and all."
            )
        return tuple(chosen[:limit])


def find_case_file(name: str) -> Path:
    """A path, or the name of a file in `eval/cases/` without its ending."""
    for path in (Path(name), *(CASES / f"{name}{ending}" for ending in ENDINGS)):
        if path.is_file():
            return path
    known = ", ".join(sorted(p.stem for p in CASES.iterdir() if p.suffix in ENDINGS))
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
    """Reads and checks a case file against `text_of`, else the articles of its own `corpus`.

    Raises `CaseFileError` with every fault found, as `file:line: what is wrong`.
    """
    file, lines = read_case_file(path)
    corpus = None if file.corpus is None else (path.parent / file.corpus).resolve()
    if text_of is None and corpus is not None:
        text_of = corpus_texts(corpus).get
    if text_of is None:
        raise CaseFileError(
            f"{path}: it names no `corpus`, so the articles must come from `--data DIR`."
        )
    return Suite(path.stem, path, corpus, _Resolver(path, file, lines, text_of).cases())


class _Resolver:
    """Finds the excerpts of a file's cases in their articles, and what makes no sense."""

    def __init__(self, path: Path, file: CaseFile, lines: Lines, text_of: TextOf) -> None:
        self._file = file
        self._lines = lines
        self._text_of = text_of
        self._faults = Faults(path)
        self._outlets = {ref.id: ref.outlet for ref in file.articles.values() if ref.outlet}
        # By article id: of short names as the file says, of full ids as the text reads.
        self._languages = {ref.id: ref.language for ref in file.articles.values()}

    def cases(self) -> tuple[GoldCase, ...]:
        """Raises `CaseFileError`."""
        for name, ref in self._file.articles.items():
            if self._text_of(ref.id) is None:
                line = line_of(self._lines, ("articles", name))
                self._faults.add(line, f"the corpus has no article {ref.id}.")
        self._faults.raise_if_any()
        seen: dict[str, int] = {}
        resolved = []
        for index, case in enumerate(self._file.cases):
            line = line_of(self._lines, ("cases", index))
            if case.id in seen:
                said = f"the id {case.id} is already used on line {seen[case.id]}."
                self._faults.add(line, said)
            seen[case.id] = line
            _check_sense(case, line, self._faults)
            resolved.append(self._resolved(case, index))
        self._faults.raise_if_any()
        disputes = tuple(gold.groups for gold in resolved if gold.case.conflict)
        return tuple(replace(gold, disputes=disputes) for gold in resolved)

    def _resolved(self, case: Case, index: int) -> GoldCase:
        groups = [
            [self._find(e, ("cases", index, "evidence", g, n)) for n, e in enumerate(group)]
            for g, group in enumerate(case.evidence)
        ]
        also = [self._find(e, ("cases", index, "also", n)) for n, e in enumerate(case.also)]
        found = tuple(tuple(x for x in group if x) for group in groups)
        return GoldCase(
            case,
            found,
            tuple(x for x in also if x),
            self._direction(case, found),
            self._outlets,
        )

    def _find(self, excerpt: Excerpt, at: tuple[str | int, ...]) -> Gold | None:
        line = line_of(self._lines, at)
        ref = self._file.articles.get(excerpt.article)
        article_id = excerpt.article if ref is None else ref.id
        text = self._text_of(article_id)
        if text is None:
            self._faults.add(
                line,
                f"`{excerpt.article}` is not among the file's `articles`, "
                "nor is it the id of an article of the corpus.",
            )
            return None
        times = text.count(excerpt.text)
        if times != 1:
            how = "does not occur" if times == 0 else f"occurs {times} times, make it longer:"
            self._faults.add(line, f"the excerpt {how} in {article_id}: {excerpt.text[:60]!r}.")
            return None
        if article_id not in self._languages:
            self._languages[article_id] = _language(text)
        start = text.index(excerpt.text)
        return Gold(article_id, start, start + len(excerpt.text), excerpt.text)

    def _direction(self, case: Case, groups: tuple[tuple[Gold, ...], ...]) -> str | None:
        found = {self._languages[gold.article_id] for group in groups for gold in group}
        if not found:
            return None
        return f"{case.language}->{found.pop()}" if len(found) == 1 else "mixed"


def _language(text: str) -> str:
    from rag.corpus.language import detect_article

    return detect_article(text)


def _check_sense(case: Case, line: int, faults: Faults) -> None:
    if case.refuse is True and (case.evidence or case.accept):
        faults.add(line, f"{case.id}: what must be refused has no evidence and nothing to accept.")
    if case.refuse is not True and not case.accept:
        faults.add(line, f"{case.id}: it says nothing that the answer must hold (`accept`).")
    if case.refuse is False and not case.evidence:
        faults.add(line, f"{case.id}: it names no `evidence` that the answer must stand on.")
    if case.conflict and len(case.evidence) < 2:
        faults.add(line, f"{case.id}: a conflict has two groups of `evidence` at least.")
    if any(not group for group in [*case.evidence, *case.accept]):
        faults.add(line, f"{case.id}: a group of `evidence` or `accept` is empty.")
    accepted = (form for group in case.accept for form in group)
    for form in [*case.must_not_say, *case.attribution, *accepted]:
        try:
            compile_form(form)
        except PatternError as error:
            faults.add(line, f"{case.id}: {error}")
