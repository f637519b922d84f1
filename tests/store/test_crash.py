"""A crash between any two steps, and several processes at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rag.settings import Settings
from rag.store import fingerprint, outbox
from rag.store.doctor import diagnose
from rag.store.ingest import ingest
from rag.store.store import Store
from rag.store.vectors import VectorSession
from rag.types import Filters
from tests.store.conftest import HashedWords
from tools.kill_ingest import kill_ingests


class Crash(BaseException):
    """Stands for the process ending here."""


def dense(store: Store, embedder: HashedWords, text: str) -> list[str]:
    hits = store.search_dense(embedder.embed_query(text), language=None, filters=Filters(), k=20)
    found = store.chunks([name for name, _ in hits])
    return list(dict.fromkeys(chunk.article_id for chunk in found.values()))


@pytest.mark.parametrize("where", ["put", "drop", "after"])
def test_a_crash_between_sql_and_chroma_is_mended_at_the_next_use(
    folder: Path, embedder: HashedWords, settings: Settings, where: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with Store.open(settings) as store:
        ingest(store, [folder], embedder, settings)
    (folder / "ferry.txt").write_text("The ferry Aurora was towed to Gdansk. Nobody was hurt.\n")
    (folder / "bridge.txt").unlink()

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        if where == "after":
            real = outbox._apply

            def apply_and_crash(*args: object) -> None:
                real(*args)  # type: ignore[arg-type]
                raise Crash

            patch.setattr(outbox, "_apply", apply_and_crash)
        else:
            patch.setattr(VectorSession, where, crash)
        with Store.open(settings) as store, pytest.raises(Crash):
            ingest(store, [folder], embedder, settings, prune=True)
    embedder.embedded.clear()
    with Store.open(settings) as store:
        assert diagnose(store, embedder).pending > 0
        assert dense(store, embedder, "towed to Gdansk")[0] == "ferry"
        assert diagnose(store, embedder).lines == ()
        assert embedder.embedded == []  # the vectors waited in SQL
        ingest(store, [folder], embedder, settings, prune=True)
        assert {info.id for info in store.articles()[0]} == {"ferry", "ranta"}
        assert diagnose(store, embedder).lines == ()


def test_a_crash_while_sql_writes_leaves_the_previous_version(
    folder: Path, embedder: HashedWords, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(settings) as store:
        ingest(store, [folder], embedder, settings)
        before = store.article("ferry")
    (folder / "ferry.txt").write_text("The ferry Aurora was towed to Gdansk. Nobody was hurt.\n")
    with monkeypatch.context() as patch:

        def crash(*_: object) -> None:
            raise Crash

        patch.setattr("rag.store.witnesses.changed", crash)
        with Store.open(settings) as store, pytest.raises(Crash):
            ingest(store, [folder], embedder, settings)
    with Store.open(settings) as store:
        assert store.article("ferry") == before
        assert diagnose(store, embedder).lines == ()


_WRITER = """
import sys
from pathlib import Path
from rag.settings import load_settings
from rag.store.ingest import ingest
from rag.store.store import Store
from tests.store.conftest import HashedWords
settings = load_settings({}, data=Path(sys.argv[1]), chunk_tokens=32)
with Store.open(settings) as store:
    ingest(store, [sys.argv[2]], HashedWords(), settings, prune=True)
"""


def run_ingest(data: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", _WRITER, str(data), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)


def test_a_reader_sees_what_another_process_wrote(
    folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    with Store.open(settings) as reader:
        ingest(reader, [folder], embedder, settings)
        assert "ferry" in dense(reader, embedder, "ferry Visby")
        (folder / "ferry.txt").unlink()
        (folder / "storm.txt").write_text("A storm named Otto closed the harbour of Lysekil.\n")
        done = run_ingest(settings.data, folder)
        assert done.returncode == 0, done.stderr
        assert dense(reader, embedder, "A storm named Otto")[0] == "storm"
        assert "ferry" not in dense(reader, embedder, "ferry Visby")
        # And the reader may become the writer: nothing stale is written back.
        (folder / "storm.txt").unlink()
        ingest(reader, [folder], embedder, settings, prune=True)
        assert diagnose(reader, embedder).lines == ()
    assert run_ingest(settings.data, folder).returncode == 0


def test_a_second_ingest_is_told_to_wait_while_readers_go_on(
    folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    with Store.open(settings) as store:
        ingest(store, [folder], embedder, settings)
        with store.writing():
            done = run_ingest(settings.data, folder)
            assert done.returncode != 0
            assert "is being written by process" in done.stderr.splitlines()[-1]
            with Store.open(settings) as reader:
                assert dense(reader, embedder, "ferry Visby")[0] == "ferry"


def test_every_write_is_announced_before_it_is_made(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    seen: list[int] = []
    real = VectorSession.put

    def put(self: VectorSession, *args: object) -> None:
        with store.database.read() as connection:
            seen.append(fingerprint.generation(connection))
        real(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(VectorSession, "put", put)
    ingest(store, [folder], embedder, settings)
    assert seen and min(seen) >= 1


def test_killed_ingests_lose_and_double_nothing(tmp_path: Path) -> None:
    report = kill_ingests(tmp_path, kills=2, articles=12, seed=7)
    assert report.problems == []
    assert report.kills == 2
