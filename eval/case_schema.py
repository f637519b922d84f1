"""What a case file holds, as pydantic models; the published JSON Schema is made from them.

`python -m eval case-schema` prints the schema, `--write` renews `eval/cases/schema.json`. A row
of a .jsonl file is the schema's `Case`.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

SCHEMA_FILE = Path(__file__).parent / "cases" / "schema.json"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Text = Annotated[str, StringConstraints(min_length=1)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Split = Literal["dev", "test"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Excerpt(_Model):
    """Exact words of an article."""

    article: Text = Field(description="a short name of this file, or an article's full id")
    text: Text = Field(description="words that occur in the article exactly once")


class ArticleRef(_Model):
    """What a short name in a case file stands for."""

    id: Text
    language: Language
    outlet: Text | None = Field(
        default=None, description="what every quote of it must give as its outlet"
    )


class Message(_Model):
    """An earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: Text


class Case(_Model):
    """A question and what counts as right."""

    id: Name
    question: Text
    history: list[Message] = Field(default=[], description="what was said before, oldest first")
    language: Language = Field(description="of the question")
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]*$")]
    split: Split = Field(
        default="test", description="`dev` may be tuned on, `test` is run for figures only"
    )
    evidence: list[list[Excerpt]] = Field(
        default=[],
        description="groups that must all be cited; within a group any one excerpt will do",
    )
    also: list[Excerpt] = Field(default=[], description="fair to cite, but not needed")
    accept: list[list[Text]] = Field(
        default=[],
        description=(
            "groups that must all be found in the answer; within a group any one form will do. "
            "`*` is any word ending or beginning; `re:` starts a regular expression over the "
            "normalised answer"
        ),
    )
    reference: Text | None = Field(
        default=None, description="a right answer in prose, for token F1 and for judges"
    )
    attribution: list[Text] = Field(
        default=[],
        description="forms of a speaker or outlet, one of which must be named as the source",
    )
    refuse: bool | Literal["allowed"] = Field(
        default=False,
        description=(
            "true: the articles are silent; `allowed`: the question rests on something untrue, "
            "so refusing is right, and so is an answer that holds what `accept` asks for"
        ),
    )
    conflict: bool = Field(default=False, description="the sources disagree, and it must be shown")
    must_not_say: list[Text] = Field(default=[], description="forms that make an answer wrong")
    as_of: Annotated[date, Field(strict=False)] | None = Field(
        default=None, description="nothing published after this day may be used"
    )
    review: Literal["unreviewed", "reviewed"] = Field(
        default="reviewed", description="`unreviewed`: drafted by a machine, seen by nobody yet"
    )
    tags: list[Name] = Field(default=[], description="free words; `hard` counts the case as hard")


class CaseFile(_Model):
    """A case file: YAML as a whole, or JSONL with a row a case after an optional first row that
    holds `corpus` and `articles`."""

    corpus: str | None = Field(
        default=None,
        description="folder of the .txt articles, from this file; without it, from `--data DIR`",
    )
    articles: dict[Name, ArticleRef] = Field(default={}, description="short names")
    cases: list[Case]


def schema_text() -> str:
    """The JSON Schema (draft 2020-12) of a case file, as it is published."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= CaseFile.model_json_schema()
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
