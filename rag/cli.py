"""The command line: `ordagrant ingest | ask | retrieve | read | check | article | …`.

Libraries are imported inside the commands, since an unneeded one costs seconds at the start.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from rag import __version__
from rag.cli_connect import register as register_connect
from rag.cli_io import (
    Row,
    complain,
    emit,
    parse_history,
    progress_on_stderr,
    read_utf8,
    run_rows,
    sample_articles,
)
from rag.cli_mcp import register as register_mcp
from rag.cli_serve import register as register_serving
from rag.errors import InputError, OrdagrantError, SettingsError
from rag.settings import load_settings
from rag.types import Answer, Filters

app = typer.Typer(
    name="ordagrant",
    help="Answers about news articles in which every sentence stands on verbatim quotations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # by default `[@URL]` would be taken for a style, and not shown
)

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Data folder [default: $ORDAGRANT_DATA, else .ordagrant]."),
]
Llm = Annotated[
    str | None,
    typer.Option(
        "--llm",
        help="auto | none | local | PATH.gguf | ollama:NAME | openai:NAME[@URL] | anthropic:NAME",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print nothing but JSON on stdout.")]
Jsonl = Annotated[bool, typer.Option("--jsonl", help="Rows of JSON on stdin, one result a row.")]
Source = Annotated[str | None, typer.Option("--source", help="Part of a source or outlet.")]
Language = Annotated[str | None, typer.Option("--language", help="Language code: en, sv, …")]
From = Annotated[str | None, typer.Option("--from", help="Published on or after YYYY-MM-DD.")]
To = Annotated[str | None, typer.Option("--to", help="Published on or before YYYY-MM-DD.")]


@app.command()
def ingest(
    paths: Annotated[list[str] | None, typer.Argument(help="Files, folders or globs.")] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="The five sample articles that come with Ordagrant.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove articles whose file under PATH is gone.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Add articles: .txt .md .html .pdf .docx .jsonl .jsonl.gz, idempotently."""
    from dataclasses import asdict

    from rag.models.embedding import load_embedder
    from rag.store.ingest import ingest as run
    from rag.store.store import Store

    wanted = [*(paths or []), *([str(sample_articles())] if sample else [])]
    if not wanted:
        raise SettingsError("Name the files or folders to ingest, or say --sample.")
    settings = load_settings(data=data)
    with Store.open(settings) as store, progress_on_stderr() as progress:
        embedder = load_embedder(settings, progress)
        summary = run(store, wanted, embedder, settings, prune=prune, progress=progress)
    for failure in summary.failed:
        complain(f"{failure.path}: {failure.error}")
    if json:
        emit(asdict(summary))
    else:
        print(
            f"{summary.added} added, {summary.changed} changed, {summary.unchanged} unchanged, "
            f"{summary.removed} removed, {len(summary.failed)} failed; "
            f"{summary.articles} articles in {summary.chunks} chunks ({summary.seconds:.1f} s)."
        )
    raise typer.Exit(1 if summary.failed else 0)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question.")] = None,
    date_from: From = None,
    date_to: To = None,
    source: Source = None,
    language: Language = None,
    data: Data = None,
    llm: Llm = None,
    json: Json = False,
    jsonl: Jsonl = False,
) -> None:
    """Answer one question, or with --jsonl a row each from stdin."""
    from rag.bot import Bot

    if (question is None) == (not jsonl):
        raise SettingsError("Give either a QUESTION or --jsonl with rows on stdin.")
    settings = load_settings(data=data, llm=llm)
    filters = Filters(_date(date_from, "--from"), _date(date_to, "--to"), source, language)
    with progress_on_stderr() as progress:
        bot = Bot.open(settings, progress)
    with bot:
        if question is None:

            def handle(row: Row) -> dict[str, Any]:
                answer = bot.ask(row.text("question"), parse_history(row), filters)
                return answer.model_dump(mode="json")

            raise typer.Exit(run_rows(sys.stdin, handle))
        answer = bot.ask(question, (), filters)
    if json:
        emit(answer.model_dump(mode="json"), indent=2)
    else:
        _print_answer(answer)


@app.command()
def retrieve(
    jsonl: Jsonl = False,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Hits a question.")] = 10,
    date_from: From = None,
    date_to: To = None,
    source: Source = None,
    language: Language = None,
    data: Data = None,
) -> None:
    """Retrieval and reader alone: rows {"id","question"} to {"id","hits"}, best first."""
    from rag.corpus.language import detect_question
    from rag.models.embedding import load_embedder
    from rag.models.reader import load_reader
    from rag.retrieval import Retriever
    from rag.similarity import Similarity
    from rag.store.store import Store

    _need_jsonl(jsonl)
    settings = load_settings(data=data)
    filters = Filters(_date(date_from, "--from"), _date(date_to, "--to"), source, language)
    with Store.open(settings) as store:
        embedder = load_embedder(settings)
        store.check_fingerprint(embedder.name)
        # A door that shows hits lets the reader weigh in; the bot's reader reads them anyway.
        reader = load_reader(settings, embedder)
        retriever = Retriever(store, Similarity(store, embedder), reader)

        def handle(row: Row) -> dict[str, Any]:
            question = row.text("question")
            hits = retriever.search(question, detect_question(question), k, filters)
            return {
                "hits": [
                    {
                        "article_id": h.chunk.article_id,
                        "start": h.chunk.start,
                        "end": h.chunk.end,
                        "score": round(h.score, 6),
                    }
                    for h in hits
                ]
            }

        raise typer.Exit(run_rows(sys.stdin, handle))


@app.command()
def read(jsonl: Jsonl = False, data: Data = None) -> None:
    """The reader alone: rows {"id","question","passage"}."""
    from rag.corpus.language import detect_article
    from rag.corpus.sentences import split_sentences
    from rag.models.embedding import load_embedder
    from rag.models.reader import load_reader
    from rag.types import Passage

    _need_jsonl(jsonl)
    settings = load_settings(data=data)
    reader = load_reader(settings, load_embedder(settings))

    def handle(row: Row) -> dict[str, Any]:
        text = row.text("passage")
        passage = Passage(text, tuple(split_sentences(text, detect_article(text))))
        reading = reader.read(row.text("question"), [passage])[0]
        return {
            "answerable": round(reading.answerable, 6),
            "start": reading.start,
            "end": reading.end,
            "text": text[reading.start : reading.end],
        }

    raise typer.Exit(run_rows(sys.stdin, handle))


@app.command()
def check(jsonl: Jsonl = False, data: Data = None) -> None:
    """The verifier alone: rows {"id","statement","evidence"}."""
    from rag.answering.verify import check as verify
    from rag.models.embedding import load_embedder
    from rag.models.reader import load_reader

    _need_jsonl(jsonl)
    settings = load_settings(data=data)
    reader = load_reader(settings, load_embedder(settings))

    def handle(row: Row) -> dict[str, Any]:
        verdict = verify(row.text("statement"), row.text("evidence"), support=reader.support)
        return {
            "supported": verdict.supported,
            "score": round(verdict.score, 6),
            "reasons": list(verdict.reasons),
        }

    raise typer.Exit(run_rows(sys.stdin, handle))


@app.command()
def article(
    article_id: Annotated[str, typer.Argument(metavar="ID", help="The article's id.")],
    text: Annotated[bool, typer.Option("--text", help="Print its text, exactly.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Show one article."""
    from rag.present import article_value
    from rag.store.store import Store

    with Store.open(load_settings(data=data)) as store:
        found = store.article(article_id)
    if found is None:
        raise InputError(f"There is no article {article_id!r} here: see `ordagrant articles`.")
    if text:
        sys.stdout.write(found.text)
    elif json:
        emit(article_value(found), indent=2)
    else:
        for name, value in article_value(found).items():
            if name not in ("text", "masks"):
                print(f"{name}: {value}")
        print(f"\n{found.text}")


@app.command()
def articles(
    search: Annotated[str | None, typer.Option("--search", help="Words in the title.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 50,
    date_from: From = None,
    date_to: To = None,
    source: Source = None,
    language: Language = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """List the articles, newest first."""
    from rag.present import info_value
    from rag.store.store import Store

    filters = Filters(_date(date_from, "--from"), _date(date_to, "--to"), source, language)
    with Store.open(load_settings(data=data)) as store:
        found, total = store.articles(search=search, filters=filters, limit=limit)
    if json:
        emit({"articles": [info_value(a) for a in found], "total": total}, indent=2)
        return
    for info in found:
        day = info.published.on.isoformat() if info.published.on else "undated   "
        print(f"{day}  {info.language}  {info.id}  {info.title or info.source}")
    print(f"{len(found)} of {total} articles.")


@app.command()
def chat(
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 7860,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--open", help="Open a browser window.")] = False,
    data: Data = None,
    llm: Llm = None,
) -> None:
    """Serve the chat at http://127.0.0.1:7860."""
    from rag.bot import Bot
    from rag.ui.main import serve

    with progress_on_stderr() as progress:
        bot = Bot.open(load_settings(data=data, llm=llm), progress)
    serve(bot, host=host, port=port, browser=browser)


@app.command()
def doctor(
    check_only: Annotated[bool, typer.Option("--check", help="Only report; mend nothing.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make chunks and vectors anew from the articles.")
    ] = False,
    data: Data = None,
    llm: Llm = None,
    json: Json = False,
) -> None:
    """Say what is installed, loaded and healthy, and mend the index."""
    from rag.doctor import examine, print_report

    settings = load_settings(data=data, llm=llm)
    with progress_on_stderr() as progress:
        report = examine(settings, mend=not check_only, rebuild=rebuild, progress=progress)
    if json:
        emit(report.value(), indent=2)
    else:
        print_report(report)
    raise typer.Exit(0 if report.healthy else 1)


register_serving(app)
register_mcp(app)
register_connect(app)


def _need_jsonl(jsonl: bool) -> None:
    if not jsonl:
        raise SettingsError("Add --jsonl and give the rows on stdin, a JSON object a line.")


def _date(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"{option} cannot be {text!r}: give a date as YYYY-MM-DD, for example 2025-06-05."
        ) from None


def _print_answer(answer: Answer) -> None:
    from rag.present import answer_text

    print(answer_text(answer))


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"ordagrant {__version__}")
        raise typer.Exit


def main() -> None:
    """The entry point: every error becomes one sentence and the contract's exit status."""
    read_utf8([sys.stdin, sys.stdout, sys.stderr])
    try:
        app()
    except OrdagrantError as error:
        complain(error)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        _unexpected(error)
        sys.exit(2)


def _unexpected(error: Exception) -> None:
    try:
        debug = load_settings().debug
    except SettingsError:
        debug = False
    if debug:
        raise error
    complain(
        f"something unexpected went wrong ({type(error).__name__}: {error}): "
        "set ORDAGRANT_DEBUG=1 to see where, and please report it."
    )


if __name__ == "__main__":
    main()
