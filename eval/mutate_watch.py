"""Who notices planted faults: each metric, each judge, and the suite as a whole.

A metric notices a fault when its figure for the answer falls; a judge when it finds the
corrupted statement not borne out. False alarms are counted on the untouched answers: a judge's
by statement; a metric's by answer, and only where a right answer must be full (`CHECKS`). The
suite notices what a check or a judge notices: a graded figure that sinks a little warns nobody.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from eval.bootstrap import Part, estimate
from eval.cases import GoldCase, TextOf
from eval.judges import Judge
from eval.judges_items import Answered, Articles, statement_item
from eval.metrics import MEASURES, Score, score
from eval.mutate import PLANTS, SEED, Mutation
from eval.report import commit
from eval.runner import Report

SCHEMA = 1
Kind = Literal["metric", "judge", "suite"]

# Measures that a right answer, exactly quoted, fulfils wholly.
CHECKS = frozenset(
    {"quote_exactness", "quotation_exactness", "number_faithfulness", "name_faithfulness",
     "attribution", "not_said", "answer_match", "correct"}
)  # fmt: skip
# What is measured of refusals and of retrieval, which a corrupted answer cannot change, and
# amounts, of which neither more nor less is better.
_UNCONCERNED = frozenset(
    {"answer_rate", "refusal_recall", "refusal_precision", "refusal_balanced", "false_premise",
     "conflict_shown", "no_false_conflict", "statements", "words", "tokens"}
)  # fmt: skip
_RETRIEVAL = ("hit@", "recall@", "mrr", "ndcg")
# A judge is shown the quote's words, not whether they stand where the quote says.
UNSEEN_BY_JUDGES = frozenset({"quote_article", "quote_character"})
AIMS = {"caught": 0.95, "alarms": 0.03}
# Untouched statements for each corrupted one of a kind, where a judge is too slow for all.
_UNTOUCHED = 4
SUITE = "suite"


@dataclass(frozen=True, slots=True)
class Watcher:
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Noticed:
    """A mutation, and what each watcher made of it: caught, missed, or None (not judged, or
    nothing for it to measure)."""

    mutation: Mutation
    by: Mapping[str, bool | None]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An untouched answer or statement, and whether a watcher objected to it."""

    by: str
    case: str
    language: str
    raised: bool


@dataclass(frozen=True, slots=True)
class Watched:
    watchers: tuple[Watcher, ...]
    noticed: tuple[Noticed, ...]
    alarms: tuple[Alarm, ...]


def watch(
    mutations: Sequence[Mutation],
    cases: Sequence[Answered],
    gold: Mapping[str, GoldCase],
    text_of: TextOf,
    judges: Sequence[Judge],
    *,
    most: int | None = None,
    report: Report | None = None,
) -> Watched:
    """What metrics and judges notice; `cases` are the untouched answers, `gold` by case id."""
    names = [name for name in MEASURES if _concerned(name)]
    by, alarms = _measured(mutations, cases, gold, text_of, names)
    of = {case.id: case for case in cases}
    articles = Articles(text_of)
    for judge in judges:
        items = [
            statement_item(of[m.case], m.answer, m.statement, articles, f"/{m.fault}")
            for m in mutations
        ]
        for noticed, ruling in zip(by, judge.judge(items, report), strict=True):
            noticed[judge.name] = None if ruling.holds is None else not ruling.holds
        alarms += _objections(judge, cases, articles, most, report)
    alarms += _suite_alarms(cases, alarms)
    watching = {*CHECKS.intersection(names), *(judge.name for judge in judges)}
    for noticed in by:
        noticed[SUITE] = any(noticed[name] is True for name in watching)
    return Watched(
        (
            Watcher(SUITE, "suite"),
            *(Watcher(judge.name, "judge") for judge in judges),
            *(Watcher(name, "metric") for name in names),
        ),
        tuple(Noticed(m, b) for m, b in zip(mutations, by, strict=True)),
        tuple(alarms),
    )


def _measured(
    mutations: Sequence[Mutation],
    cases: Sequence[Answered],
    gold: Mapping[str, GoldCase],
    text_of: TextOf,
    names: Sequence[str],
) -> tuple[list[dict[str, bool | None]], list[Alarm]]:
    """What each metric notices of each mutation, and where it objects to an untouched answer."""
    full = {c.id: _figures(score(gold[c.id], c.answer, text_of), names) for c in cases}
    by: list[dict[str, bool | None]] = []
    for mutation in mutations:
        after = _figures(score(gold[mutation.case], mutation.answer, text_of), names)
        by.append({name: _fell(full[mutation.case][name], after[name]) for name in names})
    alarms = [
        Alarm(name, case.id, case.language, value < 1)
        for case in cases
        for name in names
        if name in CHECKS and (value := full[case.id][name]) is not None
    ]
    return by, alarms


def _concerned(name: str) -> bool:
    return name not in _UNCONCERNED and not name.startswith(_RETRIEVAL)


def _figures(found: Score, names: Sequence[str]) -> dict[str, float | None]:
    return {name: _figure([ratio(found) for ratio in MEASURES[name]]) for name in names}


def _figure(parts: Sequence[Part]) -> float | None:
    if not all(down for _, down in parts):
        return None
    return sum(up / down for up, down in parts) / len(parts)


def _fell(before: float | None, after: float | None) -> bool | None:
    """None where the untouched answer had no such figure; one that is gone has not fallen."""
    if before is None:
        return None
    return after is not None and after < before - 1e-9


def _objections(
    judge: Judge,
    cases: Sequence[Answered],
    articles: Articles,
    most: int | None,
    report: Report | None,
) -> list[Alarm]:
    clean = [(case, at) for case in cases for at in range(len(case.answer.statements))]
    if most is not None and len(clean) > _UNTOUCHED * most:
        clean = random.Random(SEED).sample(clean, _UNTOUCHED * most)  # noqa: S311 - no secret
    items = [statement_item(case, case.answer, at, articles) for case, at in clean]
    rulings = judge.judge(items, report)
    return [
        Alarm(judge.name, case.id, case.language, not ruling.holds)
        for (case, _), ruling in zip(clean, rulings, strict=True)
        if ruling.holds is not None
    ]


def _suite_alarms(cases: Sequence[Answered], alarms: Sequence[Alarm]) -> list[Alarm]:
    raised = {alarm.case for alarm in alarms if alarm.raised}
    return [Alarm(SUITE, case.id, case.language, case.id in raised) for case in cases]


def document(
    run: Mapping[str, Any], name: str, cases: Sequence[Answered], watched: Watched, seed: int
) -> dict[str, Any]:
    """The side file of the run in the file `name`: the untouched `cases`, and what was found."""
    at = commit()
    return {
        "schema": SCHEMA,
        "of": name,
        "cases": run["cases"],
        "llm": run["llm"],
        "run_commit": run["commit"],
        "commit": at.sha,
        "dirty": at.dirty,
        "seed": seed,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "answers": len(cases),
        "statements": sum(len(case.answer.statements) for case in cases),
        **figures(watched),
    }


def figures(watched: Watched) -> dict[str, Any]:
    """What was planted, the shares caught by watcher, fault and language, and false alarms."""
    languages = ["all", *sorted({n.mutation.language for n in watched.noticed})]
    caught = [
        {"by": watcher.name, "type": watcher.kind, "fault": fault, "language": language, **share}
        for watcher in watched.watchers
        for fault in PLANTS
        for language in languages
        if (share := _caught(watched, watcher.name, fault, language))["n"]
    ]
    spoken = ["all", *sorted({alarm.language for alarm in watched.alarms})]
    alarms = [
        {"by": watcher.name, "type": watcher.kind, "language": language, **share}
        for watcher in watched.watchers
        for language in spoken
        if (share := _alarmed(watched, watcher.name, language))["n"]
    ]
    return {
        "planted": _planted(watched, languages),
        "watchers": [{"name": w.name, "type": w.kind} for w in watched.watchers],
        "caught": caught,
        "alarms": alarms,
        "aims": AIMS,
        "blind": blind(caught, alarms),
        "mutations": [_row(noticed) for noticed in watched.noticed],
    }


def _planted(watched: Watched, languages: Sequence[str]) -> dict[str, dict[str, int]]:
    return {
        fault: {
            language: sum(
                n.mutation.fault == fault and language in ("all", n.mutation.language)
                for n in watched.noticed
            )
            for language in languages
        }
        for fault in PLANTS
    }


def _caught(watched: Watched, by: str, fault: str, language: str) -> dict[str, Any]:
    rows = [
        (n.mutation.case, n.by[by])
        for n in watched.noticed
        if n.mutation.fault == fault and language in ("all", n.mutation.language)
    ]
    return _share([(case, seen) for case, seen in rows if seen is not None])


def _alarmed(watched: Watched, by: str, language: str) -> dict[str, Any]:
    return _share(
        [
            (alarm.case, alarm.raised)
            for alarm in watched.alarms
            if alarm.by == by and language in ("all", alarm.language)
        ]
    )


def _share(rows: Sequence[tuple[str, bool]]) -> dict[str, Any]:
    """The share that is true, with its interval over cases, as the rows of a case are alike;
    `n` counts rows."""
    parts: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for case, yes in rows:
        parts[case][0] += yes
        parts[case][1] += 1
    return asdict(estimate([[(up, down) for up, down in parts.values()]])) | {"n": len(rows)}


def blind(caught: Sequence[Mapping[str, Any]], alarms: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence for each fault that the suite, or a judge that could see it, misses too often,
    and for each that objects to too many untouched answers: for the front page of a report."""
    lines = []
    for row in caught:
        if row["language"] != "all" or row["type"] == "metric":
            continue
        if row["type"] == "judge" and row["fault"] in UNSEEN_BY_JUDGES:
            continue
        if row["value"] is not None and row["value"] < AIMS["caught"]:
            missed = row["n"] - round(row["value"] * row["n"])
            lines.append(
                f"{_who(row)} misses {missed} of {row['n']} planted faults of the kind "
                f"“{row['fault'].replace('_', ' ')}” ({1 - row['value']:.0%})."
            )
    for row in alarms:
        if row["language"] == "all" and row["type"] != "metric" and row["value"] > AIMS["alarms"]:
            unit = "answers" if row["type"] == "suite" else "statements"
            lines.append(f"{_who(row)} objects to {row['value']:.0%} of {row['n']} right {unit}.")
    return lines


def _who(row: Mapping[str, Any]) -> str:
    return "The suite" if row["type"] == "suite" else f"The judge {row['by']}"


def _row(noticed: Noticed) -> dict[str, Any]:
    mutation = noticed.mutation

    def by(keep: Callable[[bool | None], bool]) -> list[str]:
        return [name for name, seen in noticed.by.items() if keep(seen)]

    return {
        "case": mutation.case,
        "fault": mutation.fault,
        "language": mutation.language,
        "where": mutation.where,
        "before": mutation.before,
        "after": mutation.after,
        "caught_by": by(lambda seen: seen is True),
        "missed_by": by(lambda seen: seen is False),
        "unjudged_by": by(lambda seen: seen is None),
    }
