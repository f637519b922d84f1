"""The trained reader: a cross-encoder on multilingual-e5-small's weights, run by onnxruntime.

`weights/reader.safetensors` holds what training changed (the upper eight layers and the
outputs), `weights/reader.json` its calibration; `weights/README.md` is the model card. Both
together with the unpacked e5 make an int8 graph, kept in the cache.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError
from rag.models import e5
from rag.models.onnx_graph import Apart
from rag.models.progress import Progress, silent
from rag.models.rows import Rows
from rag.models.runtime import Floats, Graph, cores, load_tokenizer
from rag.settings import Settings
from rag.types import Passage, Reading, Support

NAME = "e5-reader"
_WEIGHTS = "reader.safetensors"
_CALIBRATION = "reader.json"
Offsets = NDArray[np.int64]
_START, _END = 0, 2  # <s>, </s>
_QUESTION_TOKENS = 96
_ALL_TOKENS = 448
_SPAN_TOKENS = 30  # the longest answer, as in training
_PREFIX = "passage: "
_TITLE_CHARS = 150  # a headline; longer ones are a page's first line taken for a title


@dataclass(frozen=True, slots=True)
class Platt:
    """`answerable` = sigmoid(answer * a + margin * b + c), fitted on held-out articles.

    `answer` is the answerability output; `margin` is how far the best span beats "no answer".
    """

    answer: float = 1.0
    margin: float = 0.0
    bias: float = 0.0

    def __call__(self, answer: float, margin: float) -> float:
        logit = self.answer * answer + self.margin * margin + self.bias
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


@dataclass(frozen=True, slots=True)
class Fit:
    """The calibration that goes with one set of weights."""

    platt: Platt = Platt()
    temperature: float = 1.0  # of the support output (Guo et al. 2017)
    # Channels that the int8 graph multiplies in fp32: see `rag.models.onnx_graph`.
    apart: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Output:
    """What the net makes of a row of tokens; `spans` (length, 2) and `support` (3) are logits."""

    answer: float
    spans: Floats
    support: Floats


def has_weights(folder: Path) -> bool:
    return (folder / _WEIGHTS).is_file()


class TrainedReader:
    """Reads each passage by itself, so a reading never depends on its neighbours in a batch."""

    note: str | None = None

    def __init__(self, e5_folder: Path, weights: Path, threads: int = 0) -> None:
        """`weights` is the folder of the tuned weights. Raises `ModelError` when damaged."""
        self._e5 = e5_folder
        self._weights = weights
        self._fit = _load_fit(weights / _CALIBRATION)
        self._rows = Rows(self._run, threads or cores())
        self._lock = threading.Lock()
        self._graph: Graph | None = None

    @classmethod
    def load(
        cls, settings: Settings, weights: Path, progress: Progress | None = None
    ) -> TrainedReader:
        return cls(e5.unpacked(settings.cache, progress), weights, settings.threads)

    @property
    def name(self) -> str:
        return NAME

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        return [reading for reading, _, _ in self.judge(question, passages)]

    def judge(
        self, question: str, passages: Sequence[Passage]
    ) -> list[tuple[Reading, float, float]]:
        """As `read`, each with the answerability output and the span's margin (for calibrating)."""
        asked = self._ids(f"query: {question.strip()}")[:_QUESTION_TOKENS]
        before = [f"{_PREFIX}{_title(p)}" for p in passages]
        encoded = load_tokenizer(self._e5).encode_batch(
            [b + p.text for b, p in zip(before, passages, strict=True)], add_special_tokens=False
        )
        room = _ALL_TOKENS - len(asked) - 4
        outputs = self._rows.each([_row(asked, one.ids[:room]) for one in encoded])
        readings = []
        for passage, ahead, one, output in zip(passages, before, encoded, outputs, strict=True):
            offsets = np.array(one.offsets[:room], np.int64).reshape(-1, 2) - len(ahead)
            readings.append(self._reading(3 + len(asked), passage, offsets, output))
        return readings

    def support(self, claims: Sequence[tuple[str, str]]) -> list[Support] | None:
        logits = self.support_logits(claims)
        odds = np.exp((logits - logits.max(axis=1, keepdims=True)) / self._fit.temperature)
        return [Support(*map(float, row / row.sum())) for row in odds]

    def support_logits(self, claims: Sequence[tuple[str, str]]) -> Floats:
        """Refuted, neutral and supported (claims, 3) as the net gives them (for calibrating)."""
        rows = []
        for claim, evidence in claims:
            said = self._ids(f"claim: {claim.strip()}")[:_QUESTION_TOKENS]
            room = _ALL_TOKENS - len(said) - 4
            rows.append(_row(said, self._ids(f"{_PREFIX}{evidence.strip()}")[:room]))
        found = [output.support for output in self._rows.each(rows)]
        return np.array(found, np.float32).reshape(-1, 3)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = load_tokenizer(self._e5).encode(text, add_special_tokens=False).ids
        return ids

    def _run(self, row: Sequence[int]) -> _Output:
        (answer, spans, support), _ = self._loaded().run([row])
        return _Output(float(answer[0, 0]), spans[0], support[0])

    def _reading(
        self, before: int, passage: Passage, offsets: Offsets, output: _Output
    ) -> tuple[Reading, float, float]:
        """What `output` says of the passage, whose tokens come after `before` others."""
        inside = np.flatnonzero(offsets[:, 1] > 0)
        if not passage.text.strip() or not len(inside):
            return Reading(0.0, 0, 0, (0.0,) * len(passage.sentences)), -math.inf, -math.inf
        tokens = output.spans[before + inside]
        a, b, margin = _best_span(tokens, output.spans[0])
        answerable = self._fit.platt(output.answer, margin)
        start, end = int(offsets[inside[a], 0]), int(offsets[inside[b], 1])
        start, end = _trimmed(passage.text, max(0, start), end)
        shares = _sentence_shares(passage, tokens, offsets[inside])
        scores = tuple(float(answerable * share) for share in shares)
        return Reading(answerable, start, end, scores), output.answer, margin

    def _loaded(self) -> Graph:
        with self._lock:
            if self._graph is None:
                path = graph_file(self._e5, self._weights / _WEIGHTS, apart=self._fit.apart)
                self._graph = Graph(self._e5, path, threads=1)  # a row a thread: see Rows
            return self._graph


def _row(first: list[int], second: list[int]) -> list[int]:
    """`<s> first </s></s> second </s>`"""
    return [_START, *first, _END, _END, *second, _END]


def _best_span(tokens: Floats, null: Floats) -> tuple[int, int, float]:
    """First and last token of the likeliest span, and how far it beats "no answer"."""
    pairs = tokens[:, 0][:, None] + tokens[:, 1][None, :]
    width = np.arange(len(tokens))
    length = width[None, :] - width[:, None]
    pairs[(length < 0) | (length >= _SPAN_TOKENS)] = -np.inf
    a, b = divmod(int(pairs.argmax()), len(tokens))
    return a, b, float(pairs[a, b] - null.sum())


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The range without blanks at its ends (a token's range includes the blank before it)."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _sentence_shares(passage: Passage, tokens: Floats, offsets: Offsets) -> Floats:
    """How much of the answer's probability lies in each sentence: the mean of where it starts
    and where it ends."""
    odds = np.exp(tokens - tokens.max(axis=0, keepdims=True))
    mass = (odds / odds.sum(axis=0, keepdims=True)).mean(axis=1)
    # A token counts by its last character: its range may begin with the blank between sentences.
    last = offsets[:, 1] - 1
    return np.array(
        [mass[(last >= s.start) & (last < s.end)].sum() for s in passage.sentences], np.float32
    )


def _title(passage: Passage) -> str:
    return f"{' '.join(passage.title.split())[:_TITLE_CHARS]}: " if passage.title else ""


def _load_fit(path: Path) -> Fit:
    try:
        raw = json.loads(path.read_text("utf-8"))
        values = raw["platt"]
        platt = Platt(float(values["answer"]), float(values["margin"]), float(values["bias"]))
        apart = {name: tuple(map(int, some)) for name, some in raw.get("apart", {}).items()}
        return Fit(platt, float(raw.get("support", {}).get("temperature", 1.0)), apart)
    except FileNotFoundError:
        return Fit()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"The reader's calibration in {path} cannot be read ({error}): install ordagrant "
            "again, or make it again with tools/calibrate_reader.py."
        ) from None


def graph_file(
    e5_folder: Path,
    weights: Path,
    *,
    int8: bool = True,
    apart: Apart | None = None,
    progress: Progress | None = None,
) -> Path:
    """The reader's ONNX graph in the cache, made on first use (1-2 s) from the weights.

    Raises `ModelError` when the weights are damaged or the cache cannot be written.
    """
    try:
        made_of = weights.read_bytes() + json.dumps(sorted((apart or {}).items())).encode()
        digest = hashlib.sha256(made_of).hexdigest()[:12]
        kind = "int8" if int8 else "fp32"
        # v3: some channels are left out of int8.
        path = e5_folder.parent / f"reader-{e5_folder.name}-{digest}-{kind}-v3.onnx"
        if not path.exists():
            (progress or silent)("preparing the reader", 0, 1)
            _write_graph(path, e5_folder, weights, int8=int8, apart=apart)
            (progress or silent)("preparing the reader", 1, 1)
        return path
    except OSError as error:
        raise ModelError(
            f"The reader could not be prepared in {e5_folder.parent} "
            f"({error.strerror or error}): free 100 MB there or set ORDAGRANT_CACHE."
        ) from None


def _write_graph(
    path: Path, e5_folder: Path, weights: Path, *, int8: bool, apart: Apart | None
) -> None:
    from rag.models.onnx_graph import read_weights, write_graph
    from rag.models.reader_weights import load_tuned

    try:
        tuned = load_tuned(weights)
        base = read_weights(e5_folder).tuned(tuned)
        handle, name = tempfile.mkstemp(prefix=".reader-", suffix=".onnx", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            write_graph(temporary, base, int8=int8, heads=tuned, apart=apart)
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError:
        raise
    # safetensors and numpy each have errors of their own for a damaged file.
    except Exception as error:
        raise ModelError(
            f"The reader's weights in {weights} are damaged ({error}): install ordagrant again, "
            "or set ORDAGRANT_READER=none."
        ) from error
