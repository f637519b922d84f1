"""The reader's tuned weights as they ship: int8 with a scale a row, over the unpacked e5."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rag.models.reader_net import ReaderNet


def quantise(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 with one scale a row: weight ~ int8 * scale[:, None]."""
    scale = np.abs(weight).max(axis=1) / 127
    scale[scale == 0] = 1
    return np.rint(weight / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def save_tuned(net: ReaderNet, path: Path) -> None:
    """Writes what training changed: matrices as int8 with a scale a row, the rest as fp32."""
    from safetensors.numpy import save_file

    tensors: dict[str, NDArray[np.generic]] = {}
    for name, value in net.tuned().items():
        array = value.detach().float().numpy()
        if array.ndim == 2 and array.size > 10_000:
            tensors[name], tensors[f"{name}.scale"] = quantise(array)
        else:
            tensors[name] = array
    temporary = path.with_suffix(".part")
    save_file(tensors, temporary)
    temporary.replace(path)


def load_tuned(path: Path) -> dict[str, NDArray[np.float32]]:
    """The tuned weights as fp32 arrays by their names in `ReaderNet`."""
    from safetensors.numpy import load_file

    stored = load_file(path)
    return {
        name: value.astype(np.float32) * stored[f"{name}.scale"][:, None]
        if f"{name}.scale" in stored
        else value
        for name, value in stored.items()
        if not name.endswith(".scale")
    }
