"""The multilingual-e5-small encoder in plain torch: what transformers' BertModel computes.

Importing transformers costs seconds; these lines cost nothing beyond torch itself. Embeddings,
layer norms and the residual stay fp32; with `half`, the matrix products run in bfloat16.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional


class Layer(nn.Module):
    """One transformer layer, post-norm, with the three attention inputs in one product."""

    def __init__(self, hidden: int, heads: int, feed_forward: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)
        self.norm1 = nn.LayerNorm(hidden, eps=1e-12)
        self.up = nn.Linear(hidden, feed_forward)
        self.down = nn.Linear(feed_forward, hidden)
        self.norm2 = nn.LayerNorm(hidden, eps=1e-12)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """`x` (batch, length, hidden); `mask` broadcasts to (batch, heads, length, length)."""
        batch, length, hidden = x.shape
        dtype = self.qkv.weight.dtype
        qkv = self.qkv(x.to(dtype)).view(batch, length, 3, self.heads, hidden // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = _attention(q, k, v, mask)
        mixed = mixed.transpose(1, 2).reshape(batch, length, hidden)
        x = self.norm1(x + self.out(mixed).to(x.dtype))
        down = self.down(functional.gelu(self.up(x.to(dtype))))
        normed: Tensor = self.norm2(x + down.to(x.dtype))
        return normed


def _attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017), written out: with heads this small
    torch's fused kernel for the CPU took 45% of a training step, this makes the step 30% shorter.
    """
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e4)
    return torch.softmax(scores, dim=-1, dtype=scores.dtype) @ v


class Encoder(nn.Module):
    """Token ids to hidden states."""

    def __init__(self, words: Tensor, positions: Tensor, kind: Tensor, layers: list[Layer]) -> None:
        super().__init__()
        # Buffers, not parameters: the embeddings are never tuned, and `words` stays the
        # memory-mapped file (384 MB of which a question touches a few pages).
        self.register_buffer("words", words, persistent=False)
        self.register_buffer("positions", positions + kind, persistent=False)
        self.words: Tensor
        self.positions: Tensor
        self.norm = nn.LayerNorm(words.shape[1], eps=1e-12)
        self.layers = nn.ModuleList(layers)

    def forward(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """`ids` (batch, length) and `mask` (batch, length), True where a token is real, or None
        when all are; returns (batch, length, hidden) in fp32."""
        x: Tensor = functional.embedding(ids, self.words) + self.positions[: ids.shape[1]]
        x = self.norm(x)
        wide = None if mask is None else mask[:, None, None, :]
        for layer in self.layers:
            x = layer(x, wide)
        return x

    def half(self) -> Encoder:
        """Matrix products in bfloat16 from now on (in place)."""
        for layer in self.layers:
            for part in (layer.qkv, layer.out, layer.up, layer.down):
                part.to(torch.bfloat16)
        return self


def pad(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Token ids (rows, longest) and where they are real."""
    longest = max(map(len, rows))
    ids = torch.tensor([row + [1] * (longest - len(row)) for row in rows])
    real = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in rows])
    return ids, real


def load_encoder(folder: Path) -> Encoder:
    """The encoder of an unpacked folder, fp32, in evaluation mode, its weights memory-mapped."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        get = file.get_tensor
        layers = []
        with torch.device("meta"):
            blank = [
                Layer(hidden, heads, config["intermediate_size"])
                for _ in range(config["num_hidden_layers"])
            ]
        for index, layer in enumerate(blank):
            layer.load_state_dict(_layer_state(get, index), assign=True)
            layers.append(layer)
        encoder = Encoder(
            get("embeddings.word_embeddings.weight"),
            get("embeddings.position_embeddings.weight"),
            get("embeddings.token_type_embeddings.weight")[0],
            layers,
        )
        encoder.norm.weight.data = get("embeddings.LayerNorm.weight")
        encoder.norm.bias.data = get("embeddings.LayerNorm.bias")
    return encoder.eval()


def _layer_state(get, index: int) -> dict[str, Tensor]:  # type: ignore[no-untyped-def]
    at = f"encoder.layer.{index}."
    state = {}
    for kind in ("weight", "bias"):
        qkv = [get(f"{at}attention.self.{part}.{kind}") for part in ("query", "key", "value")]
        state[f"qkv.{kind}"] = torch.cat(qkv)
        state[f"out.{kind}"] = get(f"{at}attention.output.dense.{kind}")
        state[f"norm1.{kind}"] = get(f"{at}attention.output.LayerNorm.{kind}")
        state[f"up.{kind}"] = get(f"{at}intermediate.dense.{kind}")
        state[f"down.{kind}"] = get(f"{at}output.dense.{kind}")
        state[f"norm2.{kind}"] = get(f"{at}output.LayerNorm.{kind}")
    return state
