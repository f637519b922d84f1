"""What requests may say, checked at the door."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from rag.types import Filters, Turn

LONGEST_QUESTION = 20_000
# No body is so large. A string with a bound is looked at as text: half of a surrogate pair, which
# JSON can write and UTF-8 cannot, is refused where the request is read.
LONGEST_TEXT = 200_000_000


class In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_max_length=LONGEST_TEXT)


class TurnIn(In):
    role: Literal["user", "assistant"]
    content: str


def _written(value: object) -> object:
    """Pydantic takes a number for the seconds since 1970."""
    if value is None or (isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}", value)):
        return value
    raise ValueError("write a day as YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(_written)]


class FiltersIn(In):
    """Which articles the answer may draw on."""

    date_from: Day | None = None
    date_to: Day | None = None
    source: str | None = Field(
        default=None, max_length=500, description="part of a source or outlet"
    )
    language: str | None = Field(default=None, max_length=16, description="language code, as `en`")

    def value(self) -> Filters:
        return Filters(self.date_from, self.date_to, self.source, self.language)


class Question(In):
    question: str = Field(max_length=LONGEST_QUESTION)
    filters: FiltersIn = FiltersIn()
    stream: bool = Field(default=False, description="tell it as it comes, as server-sent events")


class AskIn(Question):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "How much of the world's rare earths does China refine?"},
                {
                    "question": "And what did China say?",
                    "history": [
                        {"role": "user", "content": "What did Trump and Xi talk about?"},
                        {"role": "assistant", "content": "They talked about trade."},
                    ],
                    "filters": {"date_from": "2025-06-01", "language": "en"},
                    "stream": True,
                },
            ]
        },
    )
    history: list[TurnIn] = Field(default_factory=list, description="what was said before")

    def turns(self) -> list[Turn]:
        return [Turn(t.role, t.content) for t in self.history]
