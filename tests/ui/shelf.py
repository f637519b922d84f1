"""The page of the articles over a real store, by itself and in the browser."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.settings import Settings
from rag.store.ingest import ingest
from rag.store.store import Store
from rag.types import IngestSummary
from rag.ui.library import Library
from tests.store.conftest import HashedWords

FERRY = (
    "The ferry Aurora ran aground outside Visby on Tuesday. All 412 passengers were taken ashore "
    "by the coast guard. The captain said that a buoy had drifted out of place.\n"
)


class Shelf:
    """A library over a store in `root`, with an embedder that needs no model."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.root = root
        self.settings = Settings(data=root / "data", cache=root / "cache", chunk_tokens=32)
        self.store = Store.open(self.settings)
        self.embedder = HashedWords()
        self.library = Library(
            self.store, self.ingest, folder=self.settings.data / "uploads", **options
        )

    def ingest(self, paths: Sequence[Path]) -> IngestSummary:
        return ingest(self.store, paths, self.embedder, self.settings)

    def put(self, **texts: str) -> None:
        """Ingest articles by id from a folder of their own, as the command line would."""
        folder = self.root / "news"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.txt").write_text(text, encoding="utf-8")
        summary = self.ingest([folder])
        assert not summary.failed, summary.failed

    def put_rows(self, rows: Sequence[dict[str, str]]) -> None:
        """Ingest a file of rows."""
        path = self.root / "rows.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        summary = self.ingest([path])
        assert not summary.failed, summary.failed

    def close(self) -> None:
        self.store.close()


@contextmanager
def shown(library: Library, language: str = "en") -> Iterator[str]:
    """The page alone on a free port, as the app would show it; gives its address."""
    import gradio as gr

    from rag.ui.app import launch_options
    from rag.ui.library_page import LibraryPage

    page = LibraryPage(library)
    with gr.Blocks(title="Ordagrant", analytics_enabled=False, fill_width=True) as demo:
        spoken = gr.State("en")
        swedish = gr.Button("Svenska", elem_id="to-swedish")
        with gr.Column(elem_id="og-library"):
            page.lay_out()
        page.connect(spoken)
        swedish.click(lambda: "sv", None, spoken)
        if language != "en":
            demo.load(lambda: language, None, spoken)
    demo.queue(api_open=False)
    _, url, _ = demo.launch(**launch_options(port=None), prevent_thread_lock=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        yield url
    finally:
        demo.close(verbose=False)
