"""Public sets whose labels judges are held against. The files are given, never shipped.

    frank       summaries of news, with people's labels and kinds of error (Pagnoni et al. 2021)
    rgb         snippets of news and their counterfactual twins (Chen et al. 2023)
    ramdocs     documents for ambiguous questions: right, noise, misinformation (Wang et al. 2025)
    squad2_sv   Swedish SQuAD 2.0: does the passage answer the question? (people's labels)
    swequad, xquad_en   answers to questions by people; another question's answer is wrong

`rows` of a set share a `group` where they must stay together when intervals are drawn.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.judges import Aspect, Item, Shown
from rag.errors import SettingsError

# FRANK's kinds of error; a column is 1 where nobody marked one of the kind.
FRANK_ERRORS = {
    "RelE": "relation",
    "EntE": "entity",
    "CircE": "circumstance",
    "OutE": "out of article",
    "GramE": "grammar",
    "CorefE": "coreference",
    "LinkE": "discourse link",
    "Other": "other",
}
# A summary is factual when all who labelled it said so, and has a kind of error when at least
# half of them marked it.
FACTUAL = 0.99
MARKED = 0.5


@dataclass(frozen=True, slots=True)
class Labelled:
    """An item and whether it holds; `faults` say what is wrong, where that is known."""

    item: Item
    holds: bool
    group: str
    part: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """A set, its file in the bench folder, and where its labels come from."""

    name: str
    file: str
    aspect: Aspect
    labels: str
    load: Callable[[Path], list[Labelled]]


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a gzipped JSON-lines file; raises `SettingsError` where it is damaged."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
    except (OSError, EOFError, ValueError) as error:
        raise SettingsError(f"{path} is not gzipped JSON lines: {error}.") from None


def drawn(labelled: list[Labelled], most: int | None) -> list[Labelled]:
    """At most so many of each label and part, the same ones every time."""
    if most is None:
        return labelled
    kept: dict[tuple[bool, str], int] = defaultdict(int)
    chosen: set[str] = set()
    for one in sorted(labelled, key=lambda x: hashlib.sha256(x.item.id.encode()).hexdigest()):
        kept[one.holds, one.part] += 1
        if kept[one.holds, one.part] <= most:
            chosen.add(one.item.id)
    return [one for one in labelled if one.item.id in chosen]


def frank(path: Path) -> list[Labelled]:
    found = []
    for n, row in enumerate(rows(path)):
        holds = float(row["factuality"]) >= FACTUAL
        marked = tuple(error for key, error in FRANK_ERRORS.items() if float(row[key]) <= MARKED)
        item = Item(f"frank/{n}", "faithfulness", "en", row["summary"], article=row["article"])
        found.append(Labelled(item, holds, row["hash"], row["dataset"], () if holds else marked))
    return found


def rgb(path: Path) -> list[Labelled]:
    """The right answer on a snippet that gives it, and on the twin that gives another."""
    found = []
    for row in rows(path):
        right, wrong = _words(row["answer"]), _words(row["fakeanswer"])
        for kind, holds, said, other in (
            ("positive", True, right, wrong),
            ("positive_wrong", False, wrong, right),
        ):
            for n, text in enumerate(row[kind]):
                if said in text and other not in text:
                    claim = f"{row['query']} {right}"
                    item = _on(f"rgb/{row['id']}/{kind}/{n}", claim, text)
                    fault = () if holds else ("counterfactual",)
                    found.append(Labelled(item, holds, str(row["id"]), faults=fault))
    return found


def _words(answer: Any) -> str:
    """The first form of an answer, however deep its forms are nested."""
    while isinstance(answer, list):
        answer = answer[0]
    return str(answer)


def ramdocs(path: Path) -> list[Labelled]:
    """An answer on a document that gives it, and on one that gives another or none."""
    found = []
    for n, row in enumerate(rows(path)):
        answers = list(dict.fromkeys([*row["gold_answers"], *row["wrong_answers"]]))
        for d, document in enumerate(row["documents"]):
            text = document["text"].lower()
            for a, answer in enumerate(answers):
                says = answer.lower() in text
                if says != (document["answer"] == answer):
                    continue
                item = _on(f"ramdocs/{n}/{d}/{a}", f"{row['question']} {answer}", document["text"])
                fault = () if says else ("not in it",)
                found.append(Labelled(item, says, str(n), faults=fault))
    return found


def _on(name: str, claim: str, text: str) -> Item:
    shown = Shown(text, name, "", "en")
    return Item(name, "faithfulness", "en", claim, quotes=(shown,))


def answerable(path: Path) -> list[Labelled]:
    """Passages as answers: do they hold what was asked? Unanswerable ones are about the same."""
    return [
        Labelled(
            Item(
                f"{path.stem}/{row['id']}", "relevance", row["lang"], row["passage"],
                question=row["question"],
            ),
            bool(row["answers"]),
            row["title"],
        )
        for row in rows(path)
    ]  # fmt: skip


def answers(path: Path) -> list[Labelled]:
    """People's answer to a question, and their answer to the next one of the same passage."""
    by_passage: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(path):
        by_passage[row["passage_id"]].append(row)
    found = []
    for passage, asked in by_passage.items():
        for row, following in zip(asked, [*asked[1:], asked[0]], strict=True):
            gold, other = row["answers"][0]["text"], following["answers"][0]["text"]
            tried = [(True, gold)]
            if gold.lower() not in other.lower() and other.lower() not in gold.lower():
                tried.append((False, other))
            for holds, claim in tried:
                item = Item(
                    f"{path.stem}/{row['id']}/{holds}", "correctness", row["lang"], claim,
                    question=row["question"], reference=(gold,),
                )  # fmt: skip
                fault = () if holds else ("answers another question",)
                found.append(Labelled(item, holds, passage, faults=fault))
    return found


SETS = (
    LabelledSet("frank", "frank.jsonl.gz", "faithfulness", "people", frank),
    LabelledSet("rgb", "rgb_en_fact.jsonl.gz", "faithfulness", "edited by people", rgb),
    LabelledSet("ramdocs", "ramdocs.jsonl.gz", "faithfulness", "by construction", ramdocs),
    LabelledSet("squad2_sv", "squad2_sv.jsonl.gz", "relevance", "people, translated", answerable),
    LabelledSet("swequad", "swequad.jsonl.gz", "correctness", "people, re-paired", answers),
    LabelledSet("xquad_en", "xquad_en.jsonl.gz", "correctness", "people, re-paired", answers),
)
