"""The reader's network: the e5 encoder with an answerability and a span output.

A question and a passage go in as one pair, `<s> query: Q </s></s> passage: P </s>`. Out come

- `answer`, one number a pair, from the state of `<s>`;
- `start` and `end`, one number a token. Position 0 (`<s>`) stands for "no answer here", as in
  SQuAD 2.0 (Devlin et al. 2019), so the two outputs judge answerability independently.

A claim and its evidence go in likewise, `<s> claim: C </s></s> passage: E </s>`, and out comes
`support`: three numbers for refuted, neutral and supported.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from rag.models.encoder import Encoder, load_encoder

FROZEN_LAYERS = 4
_BLOCKED = -1e4


class ReaderNet(nn.Module):
    """Encoder and outputs; `tuned()` names what training changes."""

    def __init__(self, encoder: Encoder, hidden: int = 384) -> None:
        super().__init__()
        self.encoder = encoder
        self.pool = nn.Linear(hidden, hidden)
        self.answer = nn.Linear(hidden, 1)
        self.span = nn.Linear(hidden, 2)
        self.weigh = nn.Linear(hidden, hidden)
        self.support = nn.Linear(hidden, 3)

    def forward(self, ids: Tensor, mask: Tensor | None, in_passage: Tensor) -> tuple[Tensor, ...]:
        """`ids`, `mask`, `in_passage` (batch, length): the ids, whether a token is real, and
        whether it may lie in an answer. Returns answer (batch,), start and end (batch, length).
        """
        states = self.encoder(ids, mask)
        answer = self.answer(torch.tanh(self.pool(states[:, 0]))).squeeze(-1)
        allowed = in_passage.clone()
        allowed[:, 0] = True
        spans = self.span(states).float().masked_fill(~allowed[..., None], _BLOCKED)
        return answer.float(), spans[..., 0], spans[..., 1]

    def judge(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Refuted, neutral and supported, (batch, 3), of each claim and its evidence."""
        states = self.encoder(ids, mask)
        support: Tensor = self.support(torch.tanh(self.weigh(states[:, 0])))
        return support.float()

    def tuned(self) -> dict[str, nn.Parameter]:
        """The parameters that training changes: the upper layers and the outputs."""
        frozen = tuple(f"encoder.layers.{i}." for i in range(FROZEN_LAYERS))
        return {
            name: value
            for name, value in self.named_parameters()
            if not name.startswith((*frozen, "encoder.norm."))
        }


def untrained(folder: Path) -> ReaderNet:
    """A reader over the unpacked e5 in `folder`, its outputs freshly initialised."""
    return ReaderNet(load_encoder(folder))
