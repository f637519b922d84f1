"""The door of the bench: measures, prints, writes."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench import load as load_run
from bench import processes, warm
from eval.cases import Suite, corpus_texts, find_case_file, load_suite
from eval.metrics import latency
from eval.report import commit, cpus, public_settings, versions, write_json
from eval.runner import ingest_corpus
from rag.errors import OrdagrantError
from rag.settings import Settings, load_settings

if TYPE_CHECKING:
    from rag.bot import Bot

RESULTS = Path(__file__).parent / "results"
# What is aimed at, shown beside what is measured.
AIMS = {
    "cold_start_s": "under 4 s",
    "quotes_ms": "under 150 ms",
    "answer_ms": "a quarter of CitationQueryEngine's",
    "ingest_per_s": "60",
    "load_again_p95_ms": "under 1500 ms",
    "load_again_errors": "0",
    "load_new_errors": "0",
}

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # by default `[default: …]` would be taken for a style
)
_err = Console(stderr=True)


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    llm: Annotated[str, typer.Option(help="of the complete answer; none leaves it out")] = "auto",
    quick: Annotated[bool, typer.Option("--quick", help="fewer rounds, no rival")] = False,
    rival: Annotated[
        bool | None, typer.Option("--rival/--no-rival", help="time CitationQueryEngine too")
    ] = None,
    questions: Annotated[
        int | None, typer.Option(min=1, help="for the complete answers [default: 6, quick 2]")
    ] = None,
    out: Annotated[Path, typer.Option(help="folder for the JSON file")] = RESULTS,
) -> None:
    """Time and memory on the sample articles, bounded to some minutes."""
    if context.invoked_subcommand is not None:
        return
    suite = load_suite(find_case_file("seeds"))
    against = not quick if rival is None else rival
    load = os.getloadavg()[0]
    if load > cpus():
        _say(f"The machine is busy (load {load:.1f} on {cpus()} CPUs): times will be too long")
    with tempfile.TemporaryDirectory(prefix="ordagrant-bench-") as folder:
        figures = _measure(
            Path(folder), suite, llm, quick, against, questions or 2 + 4 * (not quick)
        )
    at = commit()
    document = {
        "schema": 1,
        "commit": at.sha,
        "dirty": at.dirty,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        # Times are worth little on a busy machine: what else was running is told with them.
        "load": {"cpus": cpus(), "before": load, "after": os.getloadavg()[0]},
        "settings": public_settings(load_settings(llm=llm)),
        "versions": versions(),
        "figures": figures,
    }
    written = write_json(out / f"bench-{at.sha[:12]}.json", document)
    Console(width=None if sys.stdout.isatty() else 120).print(_table(figures, at.sha))
    _err.print(f"Written to {written}", markup=False, highlight=False, soft_wrap=True)


_Bench = Annotated[
    Path, typer.Option("--bench", help="folder of the public sets, which lie outside the project")
]
_Memory = Annotated[
    Path | None,
    typer.Option(help="folder to keep vectors and readings in, for a next run [default: forget]"),
]
_Names = Annotated[str, typer.Option(help="sets, with commas between [default: all]")]


@app.command("retrieval")
def retrieval_command(
    bench: _Bench,
    sets: _Names = "",
    rows: Annotated[str, typer.Option(help="rows, with commas between [default: all]")] = "",
    limit: Annotated[
        int | None, typer.Option(min=1, help="questions of each set, a fixed sample")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="all news articles, not only a sample")
    ] = False,
    memory: _Memory = None,
    json: Annotated[
        Path | None, typer.Option(help="file to write [default: bench/results]")
    ] = None,
) -> None:
    """What each part of retrieval is worth on each set: an ablation."""
    from bench import retrieval

    document = retrieval.run(
        bench, _listed(sets), _listed(rows), limit=limit, full=full, memory=memory, say=_say
    )
    path = json or RESULTS / f"retrieval-{document['commit'][:12]}.json"
    Console(width=None if sys.stdout.isatty() else 220).print(retrieval.table(document))
    _say(f"Written to {write_json(path, document)}")


@app.command("fit")
def fit_command(
    bench: _Bench,
    limit: Annotated[int, typer.Option(min=10, help="questions of each set")] = 600,
    memory: _Memory = None,
) -> None:
    """Fit the weights of the search (rag/fusion.json) and print what they are worth."""
    from bench import retrieval_fit

    retrieval_fit.run(bench, limit=limit, memory=memory, say=_say)


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _measure(
    folder: Path, suite: Suite, llm: str, quick: bool, rival: bool, questions: int
) -> dict[str, Any]:
    corpus = suite.corpus
    assert corpus is not None  # noqa: S101 - the seeds' case file names one
    data = folder / "data"
    settings = load_settings(data=data, llm="none")
    texts = corpus_texts(corpus)
    _say("Ingesting the sample articles")
    ingest_corpus(corpus, settings)
    # Dev questions that have an answer, English and Swedish in turn.
    asked = _alternating(suite)
    figures: dict[str, Any] = {}
    _say("Cold start, as a whole process")
    figures |= _cold(data, asked[0], rounds=3 if quick else 5)
    _say("Warm, to the quotes")
    figures |= _quotes(settings, asked[: 6 if quick else 22])
    figures |= _load(data, folder / "serve.log", asked, seconds=5 if quick else load_run.SECONDS)
    _say("Ingest")
    figures |= _ingest(folder, list(texts.values()), articles=4 if quick else 30)
    if llm != "none":
        figures |= _answers(data, llm, asked[:questions], texts if rival else None)
    figures["own_peak_mb"] = processes.own_peak_mb()
    return figures


def _alternating(suite: Suite) -> list[str]:
    cases = [g.case for g in suite.cases if g.case.split == "dev" and g.case.refuse is False]
    english = [c.question for c in cases if c.language == "en"]
    swedish = [c.question for c in cases if c.language == "sv"]
    return [q for pair in zip(english, swedish, strict=False) for q in pair]


def _cold(data: Path, question: str, rounds: int) -> dict[str, Any]:
    words = ("ask", question, "--json", "--llm", "none", "--data", str(data))
    processes.ordagrant(*words)  # not counted: fills the page cache and compiles bytecode
    runs = [processes.ordagrant(*words) for _ in range(rounds)]
    return {
        "cold_start_s": statistics.median(r.seconds for r in runs),
        "cold_start_all_s": [r.seconds for r in runs],
        "ask_peak_mb": max(r.peak_mb for r in runs),
    }


def _quotes(settings: Settings, questions: Sequence[str]) -> dict[str, Any]:
    from rag.bot import Bot

    with Bot.open(settings) as bot:
        for question in questions[:2]:
            warm.to_quotes(bot, question)
        # Not those again: what was read once is remembered.
        times = [warm.to_quotes(bot, question) for question in questions[2:]]
    return _timed("quotes", times)


def _load(data: Path, log: Path, questions: Sequence[str], seconds: float) -> dict[str, Any]:
    """A fresh server for each load: what the one remembers must not help the other."""
    figures: dict[str, Any] = {"load_clients": load_run.CLIENTS, "load_seconds": seconds}
    asked = {"again": load_run.again(questions), "new": load_run.new(questions)}
    for name, some in asked.items():
        _say(f"Under load: {load_run.CLIENTS} clients for {seconds:.0f} s, {name}")
        with load_run.serving(data, log) as server:
            figures |= load_run.run(server, some, seconds=seconds).figures(name)
    return figures


def _ingest(folder: Path, texts: Sequence[str], articles: int) -> dict[str, Any]:
    from rag.models.embedding import load_embedder

    corpus = folder / "made.jsonl"
    warm.synthetic_corpus(corpus, texts, articles)
    settings = load_settings(data=folder / "made", llm="none")
    rate = warm.ingest_rate(corpus, settings, load_embedder(settings))
    whole = processes.ordagrant("ingest", str(corpus), "--data", str(folder / "again"))
    return {
        "ingest_per_s": rate.per_second,
        "ingest_chunks": rate.chunks,
        "ingest_tokens": rate.tokens,
        "ingest_s": rate.seconds,
        "ingest_peak_mb": whole.peak_mb,
    }


def _answers(
    data: Path, llm: str, questions: Sequence[str], rival_texts: dict[str, str] | None
) -> dict[str, Any]:
    from rag.bot import Bot

    with Bot.open(load_settings(data=data, llm=llm)) as bot:
        if bot.chat is None:
            _say(f"{llm} is no LLM here: the complete answer is left out")
            return {}
        _say(f"Warm, to the complete answer, with {bot.llm_label}")
        rival = _rival(bot, rival_texts)
        ours, theirs = _in_turns(bot, rival, questions)
    figures = {"llm": bot.llm_label, **_timed("answer", ours)}
    if theirs:
        figures |= _timed("rival", theirs)
        figures["answer_share_of_rival"] = figures["answer_ms"] / figures["rival_ms"]
    return figures


def _rival(bot: Bot, texts: dict[str, str] | None) -> Callable[[str], float] | None:
    if texts is None or bot.chat is None:
        return None
    from bench.rival import Rival

    return Rival(texts, bot.embedder, bot.chat).to_answer


def _in_turns(
    bot: warm.Streamer, rival: Callable[[str], float] | None, questions: Sequence[str]
) -> tuple[list[float], list[float]]:
    """Ours, theirs, theirs, ours, so that a machine growing slower hurts both alike.

    In runs rather than question by question: each keeps what the LLM remembers of its own
    prompt, as it would in use. The first question of each run warms up and is not counted.
    """
    half = (len(questions) + 1) // 2
    first, second = questions[:half], questions[half:]
    ours: list[float] = []
    theirs: list[float] = []

    def ask_us(question: str) -> float:
        return warm.to_answer(bot, question)

    turns: list[tuple[Callable[[str], float] | None, Sequence[str], list[float]]] = [
        (ask_us, first, ours),
        (rival, first, theirs),
        (rival, second, theirs),
        (ask_us, second, ours),
    ]
    previous = None
    for ask, some, times in turns:
        if ask is None or not some:
            continue
        if ask is not previous:
            ask(f"Then: {some[-1]}")  # what was read once is remembered
        previous = ask
        for number, question in enumerate(some, start=1):
            times.append(ask(question))
            who = "Ordagrant" if times is ours else "CitationQueryEngine"
            _say(f"  {who} {number}/{len(some)}: {times[-1] / 1000:.1f} s")
    return ours, theirs


def _timed(name: str, milliseconds: Sequence[float]) -> dict[str, Any]:
    times = latency(milliseconds)
    return {
        f"{name}_ms": times.median,
        f"{name}_p95_ms": times.p95,
        f"{name}_all_ms": [round(t, 1) for t in milliseconds],
    }


_ROWS: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("cold_start_s", "`ordagrant ask --llm none`, whole process, median", lambda v: f"{v:.1f} s"),
    ("quotes_ms", "warm, question to quotes, median", lambda v: f"{v:.0f} ms"),
    ("quotes_p95_ms", "warm, question to quotes, 95%", lambda v: f"{v:.0f} ms"),
    ("load_again_p95_ms", "50 clients, asking the same again, 95%", lambda v: f"{v:.0f} ms"),
    ("load_again_per_s", "the same, answers a second", lambda v: f"{v:.1f}"),
    ("load_again_errors", "the same, errors", lambda v: f"{v:.0f}"),
    ("load_again_growth_mb", "the same, memory in the second half", lambda v: f"{v:+.0f} MB"),
    ("load_new_p95_ms", "50 clients, each question new, 95%", lambda v: f"{v:.0f} ms"),
    ("load_new_per_s", "the same, answers a second", lambda v: f"{v:.1f}"),
    ("load_new_errors", "the same, errors", lambda v: f"{v:.0f}"),
    ("load_new_growth_mb", "the same, memory in the second half", lambda v: f"{v:+.0f} MB"),
    ("answer_ms", "warm, question to complete answer, median", lambda v: f"{v / 1000:.1f} s"),
    ("rival_ms", "the same by CitationQueryEngine, median", lambda v: f"{v / 1000:.1f} s"),
    ("answer_share_of_rival", "our time as a share of theirs", lambda v: f"{100 * v:.0f}%"),
    ("ingest_per_s", "ingest, 180-token chunks per second", lambda v: f"{v:.0f}"),
    ("ask_peak_mb", "peak memory, ask with none", lambda v: f"{v:.0f} MB"),
    ("ingest_peak_mb", "peak memory, ingest", lambda v: f"{v:.0f} MB"),
    ("own_peak_mb", "peak memory, everything above in one process", lambda v: f"{v:.0f} MB"),
)


def _table(figures: dict[str, Any], sha: str) -> Table:
    label = figures.get("llm", "none")
    table = Table(title=f"bench · {label} · {sha[:12]}", title_justify="left")
    table.add_column("")
    table.add_column("measured", justify="right")
    table.add_column("aim")
    for key, text, shown in _ROWS:
        if figures.get(key) is not None:
            table.add_row(text, shown(figures[key]), AIMS.get(key, ""))
    return table


def _say(text: str) -> None:
    _err.print(text, markup=False, highlight=False, soft_wrap=True)


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status; no traceback reaches a person."""
    try:
        app(arguments, standalone_mode=True, prog_name="python -m bench")
    except OrdagrantError as error:
        _say(str(error))
        return error.exit_status
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0
