"""Which channels of the trained reader's inner values its int8 graph must leave apart.

A few channels are ten times as large as all others (Dettmers et al. 2022), and one scale for all
of them leaves the others only a handful of steps. They are found by running passages through
the fp32 graph; `tools/calibrate_reader.py` writes them into reader.json.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper

from rag.models.runtime import load_table

# With four channels the answerability logit was .066 from fp32's in the mean, with none .427;
# the "out" products have no such channels.
CHANNELS = 4
_PRODUCT = re.compile(r"(layer\d+\.(?:qkv|up|down))\.p")


def apart(
    e5_folder: Path, fp32: Path, rows: Sequence[Sequence[int]], channels: int = CHANNELS
) -> dict[str, list[int]]:
    """By product, the `channels` of its input with the largest values over token ids `rows`."""
    model = onnx.load(str(fp32))
    inputs = {m[1]: n.input[0] for n in model.graph.node if (m := _PRODUCT.fullmatch(n.output[0]))}
    names = sorted(set(inputs.values()))
    for name in names:
        model.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    largest = {name: np.zeros(1, np.float32) for name in names}
    words, positions = load_table(e5_folder)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "open.onnx"
        onnx.save(model, str(path))
        session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for row in rows:
            x = np.asarray(words[np.array([row])] + positions[: len(row)], np.float32)
            values = session.run(names, {"x": x, "mask": np.ones((1, len(row)), np.int32)})
            for name, value in zip(names, values, strict=True):
                largest[name] = np.maximum(largest[name], np.abs(value[0]).max(axis=0))
    return {
        product: sorted(map(int, np.argsort(largest[name])[::-1][:channels]))
        for product, name in sorted(inputs.items())
    }
