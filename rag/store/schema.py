"""The tables. SQL is the truth; the FTS table and everything in Chroma derive from it.

Texts of sentences and chunks are not stored: they are slices of the article's text, so they
can never disagree with it.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

# Raise when the tables change in a way that an older or newer program cannot read. A new table
# is no such change: an older program leaves it alone, and opening makes it where it is missing.
SCHEMA_VERSION = 1

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("title", Text),
    Column("source", Text, nullable=False),
    Column("outlet", Text),
    Column("language", Text, nullable=False),
    Column("published_on", Integer),  # yyyymmdd
    Column("published_how", Text),
    Column("published_reason", Text),
    Column("authors", Text, nullable=False),  # JSON list
    Column("sha256", Text, nullable=False),
    Column("witness", Text, nullable=False),
    Column("origin", Text, nullable=False),  # the file it was read from
    Column("content_key", Text, nullable=False),  # of what was read; tells "unchanged"
    Column("info_key", Text, nullable=False),  # of the metadata given with it
    Column("index_key", Text, nullable=False),  # fingerprint its chunks were made under
    Column("label", Text, nullable=False),  # folded source and outlet, for filters
    Column("heading", Text, nullable=False),  # folded id and title, for the article list
    Index("ix_articles_origin", "origin"),
    Index("ix_articles_witness", "witness"),
    Index("ix_articles_published", "published_on", "id"),
)


def _owner() -> Column[int]:
    return Column(
        "article_key",
        Integer,
        ForeignKey("articles.key", ondelete="CASCADE"),
        primary_key=True,
    )


# Apart from `articles`, so that lists and filters do not drag texts through the page cache.
texts = Table(
    "article_texts",
    metadata,
    _owner(),
    Column("text", Text, nullable=False),
    Column("masks", Text, nullable=False),  # JSON [[start, end, reason], …]
)

sentences = Table(
    "sentences",
    metadata,
    _owner(),
    Column("idx", Integer, primary_key=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    sqlite_with_rowid=False,
)

chunks = Table(
    "chunks",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("article_key", Integer, ForeignKey("articles.key", ondelete="CASCADE"), nullable=False),
    Column("idx", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("first_sentence", Integer, nullable=False),
    Column("last_sentence", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Index("ix_chunks_article", "article_key"),
    Index("ix_chunks_language", "language"),
)

signatures = Table(
    "signatures",
    metadata,
    _owner(),
    Column("minhash", LargeBinary, nullable=False),
)

# Locality-sensitive hashing of the signatures: articles that share a band may be duplicates.
bands = Table(
    "signature_bands",
    metadata,
    Column("band", Integer, primary_key=True),
    Column("hash", Integer, primary_key=True),
    _owner(),
    Index("ix_bands_article", "article_key"),
    sqlite_with_rowid=False,
)

# What Chroma has yet to be told, written in the transaction that changed the articles. The
# vector travels in it, so work a crash left behind is finished without the embedding model.
outbox = Table(
    "vector_outbox",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("op", Text, nullable=False),  # put | drop | meta
    Column("chunk_id", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("article_id", Text, nullable=False),
    Column("published_on", Integer),
    Column("vector", LargeBinary),  # float32, for put
    sqlite_autoincrement=True,
)

# Sums of vectors as integers (see means.py), so that adding and taking away is exact.
article_sums = Table(
    "article_sums",
    metadata,
    _owner(),
    Column("language", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("total", LargeBinary, nullable=False),
)

language_sums = Table(
    "language_sums",
    metadata,
    Column("language", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("total", LargeBinary, nullable=False),
)

ingest_runs = Table(
    "ingest_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started", Text, nullable=False),  # ISO 8601, UTC
    Column("finished", Text),  # NULL: running, or it was killed
    Column("paths", Text, nullable=False),
    Column("summary", Text),
    sqlite_autoincrement=True,
)

answers = Table(
    "answers",
    metadata,
    Column("trace_id", Text, primary_key=True),
    Column("created", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_answers_created", "created"),
)

# One visitor's conversations. `owner` is the SHA-256 of the token that the browser keeps.
conversations = Table(
    "conversations",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("owner", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("folded", Text, nullable=False),  # the title as it is searched
    Column("created", Text, nullable=False),  # ISO 8601, UTC
    Column("updated", Text, nullable=False),
    Column("deleted", Text),  # when; NULL: it is there
    Index("ix_conversations_owner", "owner", "updated"),
    Index("ix_conversations_deleted", "deleted"),
)

exchanges = Table(
    "conversation_exchanges",
    metadata,
    Column(
        "conversation_key",
        Integer,
        ForeignKey("conversations.key", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("place", Integer, primary_key=True),  # from 0
    Column("question", Text, nullable=False),
    Column("standalone", Text),
    Column("answer", Text),  # the answer object as JSON
    Column("problem", Text),
    Column("stopped", Integer, nullable=False),  # 0 or 1
    Column("folded", Text, nullable=False),  # question and answer as they are searched
)

# Which articles a question was restricted to; no row where it was to none.
exchange_filters = Table(
    "conversation_filters",
    metadata,
    Column("conversation_key", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("date_from", Text),  # ISO 8601
    Column("date_to", Text),
    Column("source", Text),
    Column("language", Text),
    ForeignKeyConstraint(
        ["conversation_key", "place"],
        ["conversation_exchanges.conversation_key", "conversation_exchanges.place"],
        ondelete="CASCADE",
    ),
)

feedback = Table(
    "feedback",
    metadata,
    Column("owner", Text, primary_key=True),  # as in conversations
    Column("trace_id", Text, primary_key=True),
    Column("target", Text, primary_key=True),  # answer | statement | quote
    Column("place", Integer, primary_key=True),
    Column("verdict", Text, nullable=False),  # up | down
    Column("reason", Text, nullable=False),
    Column("given", Text, nullable=False),  # ISO 8601, UTC
    Index("ix_feedback_trace", "trace_id"),
)

# Keys of the HTTP door. The secret itself is not kept: see keys.py.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),  # public, a part of the key
    Column("name", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False),  # SHA-256 (hex) of the key
    Column("scopes", Text, nullable=False),  # words: read ask manage
    Column("created", Text, nullable=False),  # ISO 8601, UTC
    Column("rotated", Text),  # when its secret was last changed
    Column("revoked", Text),
)

# Removed articles, each with all that is needed to put it back without any model. The columns
# of its metadata are named as in `articles`; the index is kept as it was, vectors and all.
bin_articles = Table(
    "bin_articles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("removed", Text, nullable=False),  # when: ISO 8601, UTC
    *(
        Column(column.name, column.type, nullable=column.nullable)
        for column in articles.c
        if column.name not in ("key", "id", "label", "heading")
    ),
    Column("text", Text, nullable=False),
    Column("masks", Text, nullable=False),  # JSON [[start, end, reason], …]
    Column("sentences", Text, nullable=False),  # JSON [[start, end], …]
    Column("chunks", Text, nullable=False),  # JSON, a list for each: see bin.py
    Column("vectors", LargeBinary),  # float32, (chunks, dimension); NULL: they were not there
    Column("sums", Text, nullable=False),  # JSON [[language, number, base64 of total], …]
    Column("minhash", LargeBinary),
    Index("ix_bin_removed", "removed"),
)
