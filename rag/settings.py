"""Settings: frozen, built once at a door, passed in. There is no global getter.

Every field can be set by the environment variable `ORDAGRANT_<FIELD>`; an unknown
`ORDAGRANT_*` variable is an error, since a misspelt one would be silently ignored.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.errors import SettingsError

PREFIX = "ORDAGRANT_"


class Settings(BaseSettings):
    """All that can be set. Paths are expanded; numbers are bounded."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True
    )

    data: Path = Field(Path(".ordagrant"), description="folder of the database and the vectors")
    cache: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("ordagrant"),
        description="folder of unpacked models",
    )
    database_url: str | None = Field(None, description="SQLAlchemy URL; default: SQLite in data")
    chroma_url: str | None = Field(None, description="URL of a Chroma server; default: embedded")

    embedding: str = Field(
        "default",
        description="`default` (multilingual-e5-small) or a sentence-transformers name or path",
    )
    llm: str = Field(
        "auto",
        description="auto | none | local | PATH.gguf | ollama:NAME | openai:NAME[@URL] | "
        "anthropic:NAME",
    )
    reader: str = Field("default", description="`default`, `none` or a folder of reader weights")
    threads: int = Field(0, ge=0, le=256, description="CPU threads of the models; 0: all cores")
    offline: bool = Field(False, description="never contact a model hub")
    debug: bool = Field(False, description="show the traceback of an unexpected error")

    chunk_tokens: int = Field(128, ge=32, le=480, description="most tokens of a chunk")
    chunk_overlap: int = Field(1, ge=0, le=4, description="sentences shared by neighbouring chunks")
    chunk_titles: bool = Field(
        True, description="embed each chunk under its article's title (which is never quoted)"
    )

    hits: int = Field(16, ge=1, le=64, description="chunks that retrieval hands to the reader")
    evidence: int = Field(8, ge=1, le=20, description="most sentences the composer may cite")
    evidence_per_article: int = Field(4, ge=1, le=20)
    refuse_below: float | None = Field(
        None, ge=0, le=1, description="refuse under this answerability; default: as calibrated"
    )

    max_question_chars: int = Field(1_000, ge=10, le=20_000)
    max_file_mb: int = Field(50, ge=1, le=2_000)
    articles_editable: bool | None = Field(
        None,
        description="whether visitors of the chat may add and remove articles; default: only "
        "where it listens on this computer alone",
    )

    @field_validator("data", "cache")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser()


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from the environment and `overrides` (those that are not None win).

    Raises `SettingsError` naming the field or variable that is wrong and what is allowed.
    """
    environ = os.environ if environ is None else environ
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(k for k in environ if k.startswith(PREFIX) and k not in known)
    if unknown:
        raise SettingsError(
            f"Unknown setting {unknown[0]} in the environment: unset it or use one of "
            f"{', '.join(sorted(known))}."
        )
    given = {k: v for k, v in overrides.items() if v is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"The setting {name} ({PREFIX}{name.upper()}) cannot be {first['input']!r}: "
            f"{first['msg']}."
        ) from None
