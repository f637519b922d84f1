"""Runs the encoder's ONNX graphs: tokens to their embeddings, embeddings through the graph."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import struct
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Floats = NDArray[np.float32]
MAX_TOKENS = 512
PAD = 1


def cores() -> int:
    """The CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_tokenizers: dict[Path, Tokenizer] = {}
_loading = threading.Lock()


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of an unpacked model; one for embedder and reader, as it takes 0.5 s to load.

    It neither cuts nor pads, so threads may share it. Raises `ModelError` when it is damaged.
    """
    from tokenizers import Tokenizer

    with _loading:
        if folder not in _tokenizers:
            try:
                _tokenizers[folder] = Tokenizer.from_file(str(folder / "tokenizer.json"))
            # tokenizers raises bare Exception.
            except Exception as error:
                raise _damaged(folder, error) from error
        return _tokenizers[folder]


def preload(folder: Path) -> None:
    """Starts loading the tokenizer in the background: it lets go of the interpreter, so the
    half second passes beside the caller's own imports."""

    def load() -> None:
        # Whoever needs the tokenizer meets the same error and tells it.
        with contextlib.suppress(ModelError):
            load_tokenizer(folder)

    threading.Thread(target=load, name="ordagrant-tokenizer", daemon=True).start()


def _damaged(folder: Path, error: Exception) -> ModelError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return ModelError(
        f"The model in {folder} is damaged ({reason}): remove that folder and it is unpacked again."
    )


@functools.lru_cache(maxsize=2)
def load_table(folder: Path) -> tuple[Floats, Floats]:
    """The word embeddings, memory-mapped (384 MB of which a text touches a few pages), and the
    position embeddings with the token type's added."""
    path = folder / "model.safetensors"
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))

    def tensor(name: str) -> Floats:
        entry = header[f"embeddings.{name}.weight"]
        at = 8 + length + entry["data_offsets"][0]
        return np.memmap(path, np.float32, "r", at, tuple(entry["shape"]))

    positions = tensor("position_embeddings") + tensor("token_type_embeddings")[0]
    return tensor("word_embeddings"), np.asarray(positions, np.float32)


class Graph:
    """An ONNX graph of `onnx_graph` with the embeddings of the model in `folder`."""

    def __init__(self, folder: Path, graph: Path, threads: int = 0) -> None:
        """`threads` 0 means one for each core. Raises `ModelError` when the files are damaged."""
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or cores()
        # Threads that spin while waiting take the cores from an LLM in the same process.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._words, self._positions = load_table(folder)
            self._session = ort.InferenceSession(
                str(graph),
                options,
                providers=["CPUExecutionProvider"],
                # Its fused norm takes 7 ms of 25 for a row of 150 tokens, an addition and a
                # plain norm 1 ms.
                disabled_optimizers=["SkipLayerNormFusion"],
            )
        # onnxruntime's errors have no common base; all mean the same here.
        except Exception as error:
            raise _damaged(folder, error) from error

    def run(self, rows: Sequence[Sequence[int]]) -> tuple[list[Any], NDArray[np.int32]]:
        """The graph's outputs for token ids `rows` (at most `MAX_TOKENS` each), and the mask
        (rows, longest): 1 where a token is real."""
        longest = max(map(len, rows))
        ids = np.full((len(rows), longest), PAD, np.int64)
        mask = np.zeros((len(rows), longest), np.int32)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        x = self._words[ids] + self._positions[:longest]
        return self._session.run(None, {"x": x, "mask": mask}), mask
