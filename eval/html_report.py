"""A result as one HTML file: no request to anywhere, and it opens from the file system.

Questions, answers, titles and articles are untrusted. The templates escape every value, styles
and script are this package's own files, and a content security policy in the page allows that
one script by its hash and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval import report_plots as plots
from eval import report_view as view
from eval.report_judged import judged_view
from eval.report_measures import between, shown
from eval.report_mutations import mutations_view
from eval.report_parity import parity
from eval.report_passages import TextOf
from eval.report_read import Document, ResultFileError
from rag.errors import StoreError

_TEMPLATES = Path(__file__).with_name("templates")
# HTML allows no such character, not even as a reference; an article may hold one.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Side:
    """What other commands found out about a result, in files beside it."""

    mutations: Mapping[str, Any] | None = None
    judged: Mapping[str, Any] | None = None
    stale: tuple[str, ...] = ()  # names of files that are older than the result


def html(document: Document, text_of: TextOf, side: Side = Side()) -> str:
    """The whole page. `text_of(article_id)` is an article's text, None where it is not at hand."""
    faults = None if side.mutations is None else mutations_view(side.mutations)
    stale = [f"{name} is older than this result, so it is left out." for name in side.stale]
    rows, cases = document["results"], view.cases(document, text_of)
    values = {
        "document": {"selection": {}, **document},
        "when": view.when(document),
        "lead": view.lead(document),
        "warnings": [*view.warnings(document), *stale, *(faults.warnings if faults else ())],
        "level": f"{document.get('intervals', {}).get('level', 0.95):.0%}",
        "overview": view.overview(document),
        "matrix": view.matrix(document),
        "parity": parity(document),
        "judged": None if side.judged is None else judged_view(side.judged),
        "mutations": faults,
        "calibration": plots.calibration(document),
        "retrieval": plots.retrieval(rows),
        "latency": plots.latency(document),
        "stages": plots.stages(document),
        "speed": _speed(document),
        "cases": cases,
        "outcomes": _counted(case.outcome for case in cases),
        "kinds": _counted(row["kind"] for row in rows),
        "languages": _counted(row["language"] for row in rows),
        "facts": list(_facts(document)),
    }
    return render("report.html", **values, sections=list(_sections(values)))


def write_html(path: Path, page: str) -> Path:
    """Writes a page whole or not at all; raises `StoreError`."""
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(page, "utf-8")
        partial.replace(path)
    except OSError as error:
        raise StoreError(f"The report cannot be written to {path}: {error.strerror}.") from None
    return path


def read_side(result: Path, document: Document) -> Side:
    """What lies beside a result: `NAME.mutations.json` and `NAME.judged.json`.

    What is older than the result is of an earlier run under the same name, and is left out.
    Raises `ResultFileError` for a file that is damaged.
    """
    found: dict[str, Mapping[str, Any] | None] = {}
    stale = []
    for what in ("mutations", "judged"):
        beside = result.with_name(f"{result.stem}.{what}.json")
        table = _read(beside) if beside.is_file() else None
        if table is not None and str(table.get("finished")) < str(document.get("finished")):
            stale.append(beside.name)
            table = None
        found[what] = table
    return Side(found["mutations"], found["judged"], tuple(stale))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ResultFileError(f"{path} cannot be read: {error}.") from None
    if not isinstance(found, dict):
        raise ResultFileError(f"{path} is damaged: it holds no table.")
    return found


def render(template: str, **values: Any) -> str:
    """A template of this package with its styles and script in place."""
    script = _asset("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = (
        _environment()
        .get_template(template)
        .render(
            css=Markup(_asset("base.css") + _asset("cases.css")),  # noqa: S704 - our own files
            script=Markup(script),  # noqa: S704 - our own file
            script_hash=f"sha256-{digest}",
            **values,
        )
    )
    return _CONTROL.sub("\ufffd", page)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["readable"] = view.readable
    environment.filters["ms"] = lambda value: shown(float(value), "ms")
    environment.filters["share"] = shown
    environment.filters["between"] = between
    return environment


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text("utf-8")


def _counted(names: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(names).items())


_SECTIONS = (
    ("overview", "Overview"),
    ("judged", "Judges"),
    ("mutations", "Planted faults"),
    ("kinds", "Kinds"),
    ("parity", "Languages"),
    ("calibration", "Calibration"),
    ("retrieval", "Retrieval"),
    ("latency", "Time"),
    ("cases", "Cases"),
    ("made", "How it was made"),
)


def _sections(values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The sections that the page has, as anchor and name."""
    for key, name in _SECTIONS:
        if key in ("kinds", "made") or values.get(key):
            yield ("time" if key == "latency" else key), name


def _speed(document: Document) -> str:
    of = document["overall"]["milliseconds"]
    if of["median"] is None:
        return "Nothing was timed."
    return (
        f"Half of the {of['n']} answers took less than {shown(of['median'], 'ms')}, "
        f"19 of 20 less than {shown(of['p95'], 'ms')}."
    )


def _facts(document: Document) -> Iterable[tuple[str, str]]:
    yield "cases", str(document["cases"])
    yield "commit", str(document["commit"])
    yield "LLM", str(document["llm"])
    for name in ("refusal_threshold", "selection", "settings", "versions", "machine", "intervals"):
        for key, value in (document.get(name) or {}).items():
            if value is not None:
                yield f"{name.replace('_', ' ')}: {key.replace('_', ' ')}", str(value)
    yield "schema", str(document["schema"])
