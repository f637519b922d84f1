"""Examples for the reader: which rows, how they are cropped, mixed and held out.

Whole articles (by title) are held out for validation; a title held out of one set is held out
of all, since SQuAD 2.0, its Swedish translation and XQuAD share articles.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

HELD_OUT_SHARE = 0.18
HELD_OUT_SALT = "held out 4 "
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[–—-]*[A-ZÅÄÖÉÜ0-9])|\n+")
# Passages are cropped to whole sentences of about this many characters: the length of the
# chunks that the reader will meet (at most 180 tokens), and often shorter.
_WINDOW_CHARS = (280, 900)
# A sentence or two: what the reader meets when it reads the best sentences by themselves.
_SHORT_CHARS = (60, 280)
_WHOLE_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage; `start` is -1 where the passage does not answer."""

    kind: str  # which set, for the figures: "squad2 en-sv"
    question: str
    passage: str
    start: int
    end: int
    answers: tuple[str, ...] = ()
    title: str = ""  # what the reader is told of the article, in some examples


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    question: str
    passage: str
    answers: tuple[tuple[str, int], ...]


def rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def held_out(title: str) -> bool:
    return zlib.crc32(f"{HELD_OUT_SALT}{title}".encode()) % 1000 < HELD_OUT_SHARE * 1000


def sentences(text: str) -> list[tuple[int, int]]:
    cuts = [0, *(m.end() for m in _SENTENCE_END.finditer(text)), len(text)]
    return [(a, b) for a, b in itertools.pairwise(cuts) if text[a:b].strip()]


def crop(
    rng: random.Random, row: _Row, *, around: bool = True, chars: tuple[int, int] = _WINDOW_CHARS
) -> tuple[str, int, int, int] | None:
    """A window of whole sentences: (text, start, end, offset). `around=False` takes a window
    that holds no answer, or None where there is no such window."""
    parts = sentences(row.passage)
    limit = rng.randint(*chars)
    answer = row.answers[0] if row.answers else None
    if around and answer:
        text, at = answer
        end = at + len(text)
        inside = [i for i, (a, b) in enumerate(parts) if a < end and b > at]
        if not inside:
            return None
        first, last = inside[0], inside[-1]
    else:
        free = [
            i
            for i, (a, b) in enumerate(parts)
            if not any(text.lower() in row.passage[a:b].lower() for text, _ in row.answers)
        ]
        if not free:
            return None
        first = last = rng.choice(free)
    bad = [] if around else [i for i in range(len(parts)) if i not in free]
    while True:
        options = []
        if first > 0 and first - 1 not in bad:
            options.append((first - 1, last))
        if last + 1 < len(parts) and last + 1 not in bad:
            options.append((first, last + 1))
        options = [(a, b) for a, b in options if parts[b][1] - parts[a][0] <= limit]
        if not options:
            break
        first, last = rng.choice(options)
    a, b = parts[first][0], parts[last][1]
    window = row.passage[a:b]
    if around and answer:
        return window, answer[1] - a, answer[1] - a + len(answer[0]), a
    return (window, -1, -1, a) if len(window) > 60 else None


def _row(r: dict[str, Any], title: str | None = None) -> _Row:
    answers = tuple((a["text"], a["start"]) for a in r["answers"] if a["text"])
    passage = r["passage"]
    good = tuple((t, s) for t, s in answers if passage[s : s + len(t)] == t)
    return _Row(title or r.get("title") or "", r["question"], passage, good)


def _whole(rng: random.Random, kind: str, row: _Row) -> Iterator[Example]:
    """The passage uncropped, answered or not: a random window of an adversarial passage might
    miss what makes it adversarial, and would flatter the figures."""
    text, start = row.answers[0] if row.answers else ("", -1)
    end = start + len(text) if row.answers else -1
    yield Example(
        kind, row.question, row.passage, start, end, tuple(t for t, _ in row.answers), row.title
    )


def _titled(rng: random.Random, example: Example) -> Example:
    """The example with a readable title in four of ten: as a headline is told or unknown."""
    shown = example.title.replace("_", " ")
    if example.kind.startswith(("swequad", "norquad")) or rng.random() > 0.4:
        shown = ""
    return replace(example, title=shown)


def _either(rng: random.Random, kind: str, row: _Row) -> Iterator[Example]:
    """Whole or cropped alike for answered and unanswered passages, so that length says nothing."""
    if len(row.passage) <= _WHOLE_CHARS and rng.random() < 0.6:
        yield from _whole(rng, kind, row)
    elif row.answers:
        yield from _positive(rng, kind, row)
    else:
        yield from _negative(rng, kind, row)


def _positive(
    rng: random.Random, kind: str, row: _Row, *, chars: tuple[int, int] = _WINDOW_CHARS
) -> Iterator[Example]:
    cut = crop(rng, row, chars=chars)
    if cut and cut[1] >= 0:
        text, start, end, _ = cut
        yield Example(
            kind, row.question, text, start, end, tuple(t for t, _ in row.answers), row.title
        )


def _negative(
    rng: random.Random,
    kind: str,
    row: _Row,
    *,
    window: bool = False,
    chars: tuple[int, int] = _WINDOW_CHARS,
) -> Iterator[Example]:
    cut = crop(rng, row, around=not window, chars=chars)
    if cut:
        yield Example(kind, row.question, cut[0], -1, -1, (), row.title)


_SWAPPABLE = re.compile(r"(?<=\s)(?:[A-ZÅÄÖ][\wåäöé-]{2,}(?:\s[A-ZÅÄÖ][\wåäöé-]{2,})*|\d{2,4})\b")


def swapped(rng: random.Random, row: _Row, others: list[_Row]) -> _Row | None:
    """The question with one name or number exchanged for another of the same article."""
    found = list(_SWAPPABLE.finditer(row.question))
    if not found:
        return None
    old = rng.choice(found)
    digits = old.group()[0].isdigit()
    new = [
        m.group()
        for other in rng.sample(others, min(12, len(others)))
        for m in _SWAPPABLE.finditer(other.question)
        if m.group()[0].isdigit() == digits
        and m.group() not in row.question
        and m.group().split()[0] not in row.passage
    ]
    if not new:
        return None
    question = row.question[: old.start()] + rng.choice(new) + row.question[old.end() :]
    return _Row(row.title, question, row.passage, ())


def _pairs(train: Path) -> dict[tuple[str, str], list[_Row]]:
    """SQuAD 2.0 rows by (question language, passage language)."""
    out: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for r in rows(train / "squad2_en_sv.jsonl.gz"):
        en = _row(r)
        if bool(r["answers"]) != bool(en.answers):
            continue
        out["en", "en"].append(en)
        if "question_sv" not in r:
            continue
        sv = _row(
            {"question": r["question_sv"], "passage": r["passage_sv"], "answers": r["answers_sv"]},
            r["title"],
        )
        if bool(r["answers_sv"]) != bool(sv.answers):
            continue
        if bool(en.answers) == bool(sv.answers):
            out["sv", "sv"].append(sv)
            out["en", "sv"].append(_Row(en.title, en.question, sv.passage, sv.answers))
            out["sv", "en"].append(_Row(sv.title, sv.question, en.passage, en.answers))
    return out


def _by_title(items: Iterable[_Row]) -> dict[str, list[_Row]]:
    out: dict[str, list[_Row]] = defaultdict(list)
    for row in items:
        out[row.title].append(row)
    return out


def _elsewhere(rng: random.Random, row: _Row, same: list[_Row]) -> _Row | None:
    """The question with another paragraph of the same article that does not hold the answer.

    Of eight, and every other time the one that shares most words with the answering paragraph:
    what a search would propose beside it.
    """
    words = _words(row.passage)
    free = [
        other
        for other in rng.sample(same, min(8, len(same)))
        if other.passage != row.passage
        and not any(a.lower() in other.passage.lower() for a, _ in row.answers)
    ]
    if not free:
        return None
    nearest = max(free, key=lambda other: len(words & _words(other.passage)))
    other = nearest if rng.random() < 0.5 else free[0]
    return _Row(row.title, row.question, other.passage, ())


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{4,}", text.lower()))


def _off_subject(rng: random.Random, row: _Row, all_rows: list[_Row]) -> _Row | None:
    """The question with a paragraph of an article on something else; one in ten times, letters
    that are no question."""
    other = rng.choice(all_rows)
    if other.title == row.title or any(a.lower() in other.passage.lower() for a, _ in row.answers):
        return None
    question = row.question if rng.random() < 0.9 else _letters(rng)
    return _Row(other.title, question, other.passage, ())


def _letters(rng: random.Random) -> str:
    """What a cat writes: "asdf", "kq wpo"."""
    words = (
        "".join(rng.choice("abcdefghijklmnopqrstuvwxyzåäö") for _ in range(rng.randint(2, 8)))
        for _ in range(rng.randint(1, 4))
    )
    return " ".join(words) + rng.choice(["", "", "?"])


def _load(train: Path, bench: Path) -> dict[str, list[_Row]]:
    squad1 = [r for r in rows(train / "squad1_en.jsonl.gz") if r["n_occurrences"] == 1]
    qamr = rows(train / "qamr_en.jsonl.gz")
    return {
        "squad1": [_row(r) for r in squad1],
        "mined": [_row(r) for r in rows(train / "squad1_en_neg_mined.jsonl.gz")],
        "swap": [_row(r) for r in rows(train / "squad1_en_neg_swap.jsonl.gz")],
        "norquad": [
            _row(r)
            for r in rows(train / "norquad_sv_mt.jsonl.gz")
            if not r["article_in_official_test"]
        ],
        "nq": [_row(r) for r in rows(train / "nq_qed_en.jsonl.gz")],
        "qamr": [_row(r) for r in qamr if r["domain"] == "wikinews" and r["validators_agree"]],
        "swequad": [_row(r, r["passage_id"]) for r in rows(bench / "swequad.jsonl.gz")],
        "xquad": [_row(r) for r in rows(bench / "xquad_en.jsonl.gz")],
    }


def training(train: Path, bench: Path, seed: int, scale: float = 1.0) -> list[Example]:
    """The training mix in random order: about 48,000 examples, 59% unanswerable, at scale 1."""
    rng = random.Random(seed)
    sets = {
        name: [row for row in items if not held_out(row.title)]
        for name, items in _load(train, bench).items()
    }
    out: list[Example] = []

    def add(name: str, wanted: int, items: Iterable[_Row | None], how: Any, **options: Any) -> None:
        made: list[Example] = []
        for row in items:
            if row is not None and len(made) < wanted * scale:
                made.extend(how(rng, name, row, **options))
        out.extend(made)

    def some(items: list[_Row], answered: bool | None = None) -> list[_Row]:
        kept = [r for r in items if answered is None or bool(r.answers) == answered]
        return rng.sample(kept, len(kept))

    add("squad1", 5000, some(sets["squad1"]), _either)
    add("squad1 short", 1000, some(sets["squad1"]), _positive, chars=_SHORT_CHARS)
    add("squad1 window", 1000, some(sets["squad1"]), _negative, window=True)
    add("squad1 mined", 2500, some(sets["mined"]), _negative)
    add("squad1 swap", 2000, some(sets["swap"]), _either)
    for (q, p), items in _pairs(train).items():
        kept = [row for row in items if not held_out(row.title)]
        same = _by_title(kept)
        name = f"squad2 {q}-{p}"
        positive = some(kept, True)
        add(name, 1500, positive, _either)
        add(f"{name} short", 700, some(kept, True), _positive, chars=_SHORT_CHARS)
        add(f"{name} beside", 700, some(kept, True), _negative, window=True, chars=_SHORT_CHARS)
        add(f"{name} adversarial", 2700, some(kept, False), _either)
        add(f"{name} adversarial short", 300, some(kept, False), _negative, chars=_SHORT_CHARS)
        elsewhere = (_elsewhere(rng, row, same[row.title]) for row in positive)
        add(f"{name} elsewhere", 700, elsewhere, _negative)
        strange = (_off_subject(rng, row, kept) for row in some(kept))
        add(f"{name} off subject", 600, strange, _either)
        exchanged = (swapped(rng, row, same[row.title]) for row in positive)
        add(f"{name} swap", 400, exchanged, _either)
    add("norquad", 2500, some(sets["norquad"], True), _positive)
    add("norquad", 800, some(sets["norquad"], False), _negative)
    add("nq", 1500, some(sets["nq"]), _positive)
    add("qamr", 600, some(sets["qamr"]), _positive)
    add("swequad", 900, some(sets["swequad"]), _positive)
    add("swequad window", 600, some(sets["swequad"]), _negative, window=True)
    out = [_titled(rng, example) for example in out]
    rng.shuffle(out)
    return out


def validation(train: Path, bench: Path, seed: int, most: int = 300) -> dict[str, list[Example]]:
    """Held-out sets by name, each of at most `most` answerable and `most` unanswerable."""
    rng = random.Random(seed + 1)
    out: dict[str, list[Example]] = defaultdict(list)

    def add(name: str, items: Iterable[_Row | None], how: Any, **options: Any) -> None:
        made: list[Example] = []
        for row in items:
            if row is not None and len(made) < most:
                made.extend(how(rng, name, row, **options))
        out[name].extend(made)

    def mixed(items: list[_Row]) -> list[_Row]:
        return rng.sample(items, len(items))

    pairs = _pairs(train)
    for (q, p), items in pairs.items():
        kept = mixed([row for row in items if held_out(row.title)])
        same = _by_title(kept)
        positive = [row for row in kept if row.answers]
        elsewhere = [_elsewhere(rng, row, same[row.title]) for row in positive]
        add(f"adversarial {q}-{p}", positive, _whole)
        add(f"adversarial {q}-{p}", [row for row in kept if not row.answers], _whole)
        add(f"elsewhere {q}-{p}", positive, _positive)
        add(f"elsewhere {q}-{p}", elsewhere, _negative)
        add(f"off subject {q}-{p}", positive, _positive, chars=_SHORT_CHARS)
        strange = [_off_subject(rng, row, kept) for row in kept]
        add(f"off subject {q}-{p}", strange, _negative, chars=_SHORT_CHARS)
    loaded = _load(train, bench)
    sets = {n: [r for r in v if held_out(r.title)] for n, v in loaded.items()}
    trained_on = {row.title for row in pairs["en", "en"] if not held_out(row.title)}
    sets["xquad"] = [r for r in loaded["xquad"] if r.title not in trained_on]
    add("swequad sv", mixed(sets["swequad"]), _positive)
    add("swequad sv", mixed(sets["swequad"]), _negative, window=True)
    for name, language in (("norquad", "sv"), ("xquad", "en")):
        items = mixed(sets[name])
        add(f"{name} {language}", [r for r in items if r.answers], _positive)
        same = _by_title(items)
        elsewhere = [_elsewhere(rng, r, same[r.title]) for r in items if r.answers]
        add(f"{name} {language}", elsewhere, _negative)
    return {name: [replace(e, title="") for e in items] for name, items in out.items()}


def questions_with_neighbours(train: Path, seed: int, most: int) -> list[tuple[Example, list[str]]]:
    """Held-out answerable questions in the four language pairs, at most `most` of each pair,
    each with up to five other passages of its article that share most words with it."""
    rng = random.Random(seed + 2)
    out = []
    for (q, p), items in _pairs(train).items():
        kept = [row for row in items if held_out(row.title)]
        texts = {title: sorted({r.passage for r in of}) for title, of in _by_title(kept).items()}
        for row in rng.sample([r for r in kept if r.answers], most):
            for example in _positive(rng, f"{q}-{p}", row):
                words = set(re.findall(r"\w+", row.passage.lower()))
                others = [
                    text
                    for text in texts[row.title]
                    if text != row.passage
                    and not any(a.lower() in text.lower() for a, _ in row.answers)
                ]
                others.sort(key=lambda text: -len(words & set(re.findall(r"\w+", text.lower()))))
                crops = [crop(rng, _Row(row.title, "", text, ())) for text in others[:5]]
                out.append((example, [c[0] for c in crops if c]))
    return out
