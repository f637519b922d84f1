"""Examples for the support output: a claim, the text it should stand on, and whether it does.

People's labels where there are any; between Swedish and English, and in Swedish, true
sentences with one fault planted by rule, since no licensed set has them. Three claims in ten
are held out by a hash of their text, and whole articles where a set names them.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reader_data import held_out, rows, sentences

from eval import faults as planted

REFUTED, NEUTRAL, SUPPORTED, UNSUPPORTED = 0, 1, 2, -1  # the last: refuted or neutral
_LABELS = {"refuted": REFUTED, "neutral": NEUTRAL, "supported": SUPPORTED}
_MOST_CHARS = 800

# Rows of each public set in the mix at scale 1.
_PUBLIC = {
    "vitaminc_real": 9000, "vitaminc_synthetic": 3000, "fever_dev": 2500,
    "fever_symmetric": 700, "fm2_dev": 800, "condaqa_claims": 2000, "cad_snli": 1500,
    "begin": 1500, "swenli_dev_mt": 3500, "qa_claims_sv": 2500, "qa_claims_nb": 500,
    "qa_claims_en": 1500,
}  # fmt: skip
# Sets whose "refuted" only means that the evidence does not say so.
_LOOSE = {"qa_claims_sv", "qa_claims_nb", "qa_claims_en"}
_OPPOSITES = {
    "en": "more/fewer higher/lower increased/decreased rose/fell before/after first/last "
    "largest/smallest won/lost north/south east/west best/worst always/never all/few "
    "accepted/rejected began/ended older/younger above/below started/stopped",
    "sv": "fler/färre högre/lägre ökade/minskade steg/sjönk före/efter första/sista "
    "största/minsta vann/förlorade norra/södra östra/västra bästa/sämsta alltid/aldrig "
    "alla/få började/slutade äldre/yngre över/under mer/mindre",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim and its evidence; `label` as above."""

    kind: str
    claim: str
    evidence: str
    label: int
    title: str = ""


def is_held(claim: str) -> bool:
    """Three claims in ten, by a hash of their text."""
    return int(hashlib.sha256(claim.encode()).hexdigest(), 16) % 10 < 3


def opposite(text: str, evidence: str, language: str, rng: random.Random) -> str | None:
    """One comparing word turned into its opposite."""
    del evidence
    pairs = [p.split("/") for p in _OPPOSITES[language].split()]
    turns = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    found = [m for m in re.finditer(r"\b\w+\b", text) if m.group() in turns]
    if not found:
        return None
    match = rng.choice(found)
    return text[: match.start()] + turns[match.group()] + text[match.end() :]


FAULTS: dict[str, Callable[..., str | None]] = {
    "number": planted.number, "date": planted.date, "name": planted.name,
    "negation": planted.negation, "opposite": opposite,
}  # fmt: skip


def faulty(
    text: str, evidence: str, language: str, rng: random.Random, pool: list[str]
) -> tuple[str, str] | None:
    """(kind, the text with one fault planted), or None where none fits."""
    # Few sentences have a number or a date to get wrong: most of those that do, get it wrong.
    first = ["number", "date"] if rng.random() < 0.7 else []
    for kind in [*first, *rng.sample(list(FAULTS), len(FAULTS))]:
        extra = (pool,) if kind == "name" else ()
        wrong = FAULTS[kind](text, evidence, language, rng, *extra)
        if wrong is not None:
            return kind, wrong
    return None


def _public(train: Path, name: str, held: bool) -> Iterator[Claim]:
    for r in rows(train / f"{name}.jsonl.gz"):
        if is_held(r["claim"]) != held or len(r["evidence"]) > _MOST_CHARS:
            continue
        label = _LABELS[r["label"]]
        if label == REFUTED and name in _LOOSE:
            label = UNSUPPORTED
        page = re.sub(r"-[A-Z]{3,5}-", "", r.get("page") or "").strip()
        yield Claim(name, r["claim"], r["evidence"], label, page)


def _aligned(train: Path, held: bool) -> list[tuple[str, list[str], list[str]]]:
    """(title, English sentences, Swedish sentences) of passages with as many in each."""
    out, seen = [], set()
    for r in rows(train / "squad2_en_sv.jsonl.gz"):
        if "passage_sv" not in r or r["passage"] in seen or held_out(r["title"]) != held:
            continue
        seen.add(r["passage"])
        both = [
            [text[a:b].strip() for a, b in sentences(text)]
            for text in (r["passage"], r["passage_sv"])
        ]
        if len(both[0]) == len(both[1]) > 1:
            out.append((r["title"].replace("_", " "), *both))
    return out


def _parallel(train: Path, held: bool, rng: random.Random) -> Iterator[Claim]:
    """Sentences on their own translation and on themselves: as they are, with a fault planted,
    and on another sentence of the same passage."""
    passages = _aligned(train, held)
    names = {
        "en": [n for _, en, _ in passages for s in en for n in planted.names_in(s)],
        "sv": [n for _, _, sv in passages for s in sv for n in planted.names_in(s)],
    }
    for title, en, sv in passages:
        for at in range(len(en)):
            for claims, texts, said, shown in (
                (en, sv, "en", "sv"),
                (sv, en, "sv", "en"),
                (sv, sv, "sv", "sv"),
                (en, en, "en", "en"),
            ):
                # One to three sentences, as a statement's quotes are.
                first = max(0, at - rng.randint(0, 1))
                evidence = " ".join(texts[first : at + 1 + rng.randint(0, 1)])
                kind = f"parallel {said}-{shown}"
                claim = claims[at]
                yield Claim(kind, claim, evidence, SUPPORTED, title)
                wrong = faulty(claim, f"{evidence} {claim}", said, rng, names[said])
                if wrong:
                    label = UNSUPPORTED if wrong[0] == "name" else REFUTED
                    yield Claim(f"{kind} {wrong[0]}", wrong[1], evidence, label, title)
                if rng.random() < 0.3:
                    other = rng.choice([i for i in range(len(en)) if i != at])
                    if not first <= other <= at + 1:
                        yield Claim(f"{kind} other", claims[other], evidence, NEUTRAL, title)


def _answered(train: Path, held: bool, rng: random.Random) -> Iterator[Claim]:
    """ "Question answer" on the answering sentence in the other language, and with an answer to
    another question of the article."""
    by_title: dict[str, list[dict[str, Any]]] = {}
    for r in rows(train / "squad2_en_sv.jsonl.gz"):
        if r["answers"] and r.get("answers_sv") and held_out(r["title"]) == held:
            by_title.setdefault(r["title"], []).append(r)
    for title, items in by_title.items():
        for r in items:
            for q, p in (("", "_sv"), ("_sv", ""), ("_sv", "_sv")):
                answer = r[f"answers{q}"][0]["text"]
                passage, at = r[f"passage{p}"], r[f"answers{p}"][0]["start"]
                inside = [passage[a:b] for a, b in sentences(passage) if a <= at < b]
                if not inside or at < 0:
                    continue
                digits = answer[0].isdigit()
                others = [
                    o[f"answers{q}"][0]["text"] for o in rng.sample(items, min(9, len(items)))
                ]
                wrong = [o for o in others if o[0].isdigit() == digits and o not in passage]
                evidence = inside[0].strip()
                kind = f"answer {'sv' if q else 'en'}-{'sv' if p else 'en'}"
                question = r[f"question{q}"]
                name = title.replace("_", " ")
                yield Claim(kind, f"{question} {answer}", evidence, SUPPORTED, name)
                if wrong:
                    yield Claim(kind, f"{question} {wrong[0]}", evidence, UNSUPPORTED, name)


def _swedish_faults(train: Path, held: bool, rng: random.Random) -> Iterator[Claim]:
    """Swedish claims that people's labels (translated) say hold, with a fault planted."""
    for name in ("swenli_dev_mt", "qa_claims_sv"):
        found = [c for c in _public(train, name, held) if c.label == SUPPORTED]
        pool = [n for c in found for n in planted.names_in(c.claim)]
        for c in found:
            wrong = faulty(c.claim, c.evidence, "sv", rng, pool)
            if wrong:
                yield Claim(f"{name} {wrong[0]}", wrong[1], c.evidence, UNSUPPORTED)


def claims(train: Path, seed: int, scale: float = 1.0, *, held: bool = False) -> list[Claim]:
    """The mix in random order: about 42,000 claims at scale 1."""
    rng = random.Random(seed)
    out: list[Claim] = []

    def add(items: list[Claim], wanted: int) -> None:
        out.extend(rng.sample(items, min(len(items), int(wanted * scale))))

    for name, wanted in _PUBLIC.items():
        add(list(_public(train, name, held)), wanted)
    add(list(_parallel(train, held, rng)), 10_000)
    add(list(_answered(train, held, rng)), 3_000)
    add(list(_swedish_faults(train, held, rng)), 1_200)
    rng.shuffle(out)
    return out
