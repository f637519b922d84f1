"""Settings: frozen, built once at a door, passed in. There is no global getter.

Every field can be set by the environment variable `ORDAGRANT_<FIELD>`; an unknown
`ORDAGRANT_*` variable is an error, since a misspelt one would be silently ignored.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from rag.errors import SettingsError

PREFIX = "ORDAGRANT_"

# In the environment: names with commas between them.
Names = Annotated[tuple[str, ...], NoDecode]


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

    base_url: str | None = Field(
        None,
        description="public address of `ordagrant serve`, for links: https://news.example.org",
    )
    api_keys: bool | None = Field(
        None,
        description="whether `ordagrant serve` asks for a key; default: wherever others than this "
        "computer can reach it",
    )
    open_reading: bool = Field(
        False,
        description="whether articles can be read without a key where keys are asked for, so that "
        "the links under an answer open for everyone who sees it",
    )
    api_hosts: Names = Field(
        (), description="more names by which it may be addressed where no key is asked for"
    )
    api_origins: Names = Field(
        (), description="origins whose web pages may use it: https://www.example.org"
    )
    api_proxies: Names = Field(
        (), description="addresses or networks of proxies that are believed about the client's"
    )
    api_rate_key: str = Field("600/minute", description="questions and requests of one key")
    api_rate_address: str | None = Field(
        None,
        description="those of one address; default: 120/minute, without end where no key is "
        "asked for; `none`: without end",
    )
    api_at_once: int = Field(
        8, ge=1, le=256, description="questions answered at once, over HTTP and MCP together"
    )
    api_in_line: int = Field(64, ge=0, le=10_000, description="questions that may wait for that")
    api_seconds: float = Field(300, ge=1, le=3_600, description="longest time for one answer")
    api_body_kb: int = Field(1_024, ge=1, le=100_000, description="largest request but for files")
    max_history_turns: int = Field(50, ge=0, le=1_000)
    max_history_chars: int = Field(100_000, ge=0, le=10_000_000)
    keep_answers: bool = Field(
        True,
        description="keep each answer in the database under its trace id, with its question; "
        "feedback and `/api/answers` need it",
    )
    log_json: bool = Field(
        False, description="all that is written to stderr as a JSON object a line"
    )
    log_questions: bool = Field(False, description="name the question in the audit lines")
    audit_file: Path | None = Field(
        None,
        description="file for the audit lines, one for each process; `ordagrant chat` and `mcp` "
        "write audit lines only with it; default: the log, on stderr",
    )
    traces: bool = Field(
        False, description="send OpenTelemetry traces to where OTEL_EXPORTER_OTLP_ENDPOINT says"
    )

    @field_validator("api_hosts", "api_origins", "api_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
            raise ValueError("write an address such as https://news.example.org")
        return value.rstrip("/") if value else None

    @field_validator("api_rate_key", "api_rate_address")
    @classmethod
    def _rate(cls, value: str | None) -> str | None:
        if value is not None and value != "none":
            from limits import parse_many

            parse_many(value)  # its ValueError becomes the setting's error
        return value

    @field_validator("api_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not re.fullmatch(r"https?://[^\s/?#,*]+", origin):
                raise ValueError(
                    f"{origin!r} is not an origin: write it as https://www.example.org"
                )
        return value

    @field_validator("api_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network, strict=False)
        return value

    @field_validator("data", "cache", "audit_file")
    @classmethod
    def _expand(cls, value: Path | None) -> Path | None:
        return value and value.expanduser()


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
