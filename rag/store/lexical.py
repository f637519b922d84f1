"""The lexical index: SQLite FTS5 over chunks, ranked by BM25.

Four columns: `plain`, `folded` and `stems` of the chunk's own words (see terms.py), and
`context`: title, outlet and date, which are searched with less weight and never quoted.
All dialect-specific code is in `Fts5Index`; PostgreSQL's tsvector would be its sibling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    and_,
    column,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.exc import DBAPIError

from rag.store.filters import conditions
from rag.store.schema import articles, chunks
from rag.store.stopwords import STOPWORDS
from rag.store.terms import MONTHS, Token, fold, index_terms, stem, tokens
from rag.types import ArticleInfo, Filters

# Hit@1/@10: native Swedish pages (SweQuAD) .757/.962, with stems alone .744/.958, with plain
# words alone .724/.936; English (XQuAD) .936/.993, .921/.992, .924/.990. On 5,339 news articles
# the context at 0, 0.2, 0.4 and 0.8 gives Hit@1 .527, .546, .535 and .514.
WEIGHTS = {"plain": 1.0, "folded": 0.5, "stems": 1.0, "context": 0.3}
MOST_TERMS = 64  # an over-long question; FTS5 itself would take some 250
STEM_LANGUAGES = ("en", "sv")


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """What to look for: the question's content words, in the spellings the index knows."""

    plain: tuple[str, ...]
    folded: tuple[str, ...]
    stems: tuple[str, ...]
    context: bool = True  # whether title, outlet and date are searched too

    @property
    def empty(self) -> bool:
        return not self.plain

    @classmethod
    def from_question(cls, question: str, language: str) -> LexicalQuery:
        """Content words of `question` (ISO 639-1 `language`), stemmed in both languages.

        Where the question has nothing but function words ("Vem är han?"), those are kept.
        """
        found = tokens(question, language)
        content = [token for token in found if not _is_stopword(token, language)] or found
        plain = list(dict.fromkeys(term for token in content for term in token.plain))
        words = list(dict.fromkeys(token.plain[0] for token in content if not token.is_number))
        languages = dict.fromkeys((language, *STEM_LANGUAGES))
        stems = dict.fromkeys(stem(word, each) for word in words for each in languages)
        folded = dict.fromkeys(fold(word) for word in words)
        return cls(tuple(plain[:MOST_TERMS]), tuple(folded)[:MOST_TERMS], tuple(stems)[:MOST_TERMS])

    def match(self) -> str:
        """The FTS5 expression: any of the terms, each in its column."""
        context = (*self.plain, *self.folded, *self.stems) if self.context else ()
        parts = [
            # Folded forms too: a text may itself be written without diacritics ("Malmo").
            _any_of("plain", tuple(dict.fromkeys((*self.plain, *self.folded)))),
            _any_of("folded", self.folded),
            _any_of("stems", self.stems),
            _any_of("context", tuple(dict.fromkeys(context))),
        ]
        return " OR ".join(part for part in parts if part)


def _is_stopword(token: Token, language: str) -> bool:
    if token.is_number:
        return False
    capitals = len(token.written) > 1 and token.written.isupper()
    return not capitals and token.plain[0] in STOPWORDS.get(language, frozenset())


def _any_of(name: str, terms: tuple[str, ...]) -> str:
    # Terms hold only letters, digits, "_" and "."; the doubling is a second fence.
    quoted = ('"' + term.replace('"', '""') + '"' for term in terms)
    return f"{name} : ({' OR '.join(quoted)})" if terms else ""


def context_text(info: ArticleInfo) -> str:
    """Words about an article that are searched with it: title, outlet, date in both languages."""
    day = info.published.on
    dated = ""
    if day is not None:
        months = " ".join(dict.fromkeys(MONTHS[name][day.month - 1] for name in MONTHS))
        dated = f"{day.isoformat()} {day.day} {months} {day.year}"
    return "\n".join(part for part in (info.title, info.outlet, dated) if part)


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One chunk for the index: its SQL key, and the words of its sentences."""

    key: int
    words: str
    language: str


_TABLE = "chunk_terms"
# The terms arrive split; this tokenizer only cuts at spaces. "." is in "2.5".
_CREATE = """
    CREATE VIRTUAL TABLE IF NOT EXISTS chunk_terms
    USING fts5(plain, folded, stems, context, tokenize = "ascii tokenchars '._'")
"""
# A view of the index's own words; it stores nothing, so it is made for each connection.
_VOCABULARY = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.chunk_words "
    "USING fts5vocab('main', 'chunk_terms', 'col')"
)
_ADD = text(
    "INSERT OR REPLACE INTO chunk_terms (rowid, plain, folded, stems, context) "
    "VALUES (:key, :plain, :folded, :stems, :context)"
)
_REMOVE = text("DELETE FROM chunk_terms WHERE rowid = :key")
_CHECK = "INSERT INTO chunk_terms (chunk_terms) VALUES ('integrity-check')"
_TERMS = table(_TABLE, column("rowid"))


def _matches(expression: str) -> ColumnElement[bool]:
    return literal_column(_TABLE).op("MATCH", is_comparison=True)(expression)


class Fts5Index:
    """The lexical index on SQLite; every method works within the caller's transaction."""

    @classmethod
    def create(cls, connection: Connection) -> None:
        connection.exec_driver_sql(_CREATE)

    @classmethod
    def add(cls, connection: Connection, rows: Sequence[IndexRow], context: str) -> None:
        if not rows:
            return
        about: dict[str, str] = {}
        values = []
        for row in rows:
            terms = index_terms(row.words, row.language)
            if row.language not in about:
                found = index_terms(context, row.language)
                about[row.language] = " ".join((*found.plain, *found.folded, *found.stems))
            values.append(
                {
                    "key": row.key,
                    "plain": " ".join(terms.plain),
                    "folded": " ".join(terms.folded),
                    "stems": " ".join(terms.stems),
                    "context": about[row.language],
                }
            )
        connection.execute(_ADD, values)

    @classmethod
    def remove(cls, connection: Connection, keys: Sequence[int]) -> None:
        if keys:
            connection.execute(_REMOVE, [{"key": key} for key in keys])

    @classmethod
    def search(
        cls,
        connection: Connection,
        query: LexicalQuery,
        *,
        language: str | None,
        filters: Filters,
        k: int,
    ) -> list[tuple[str, float]]:
        """(chunk id, BM25) best first, higher is better; ties in order of chunk id."""
        if query.empty or k < 1:
            return []
        weights = ", ".join(str(weight) for weight in WEIGHTS.values())
        score = literal_column(f"bm25({_TABLE}, {weights})", Float).label("score")
        statement = (
            select(chunks.c.id, score)
            .select_from(_TERMS.join(chunks, chunks.c.key == _TERMS.c.rowid))
            .where(_matches(query.match()))
            .order_by(score, chunks.c.id)
            .limit(k)
        )
        if language is not None:
            statement = statement.where(chunks.c.language == language)
        wanted = conditions(filters)
        if wanted:
            allowed = select(articles.c.key).where(and_(*wanted))
            statement = statement.where(chunks.c.article_key.in_(allowed))
        return [(str(row.id), -float(row.score)) for row in connection.execute(statement)]

    @classmethod
    def articles_with_all(cls, query: LexicalQuery) -> Select[tuple[int]] | None:
        """A selection of the keys of articles with a chunk that holds all the words, or None.

        The last letters of a word may be missing, as when somebody is still typing.
        """
        if query.empty:
            return None
        every = " AND ".join(f'"{term}"*' for term in query.plain)
        found = select(_TERMS.c.rowid).where(_matches(every))
        return select(chunks.c.article_key).where(chunks.c.key.in_(found))

    @classmethod
    def has_term(cls, connection: Connection, name: str, term: str) -> bool:
        """Whether some chunk has the term in the column `name`."""
        found = select(_TERMS.c.rowid).where(_matches(_any_of(name, (term,)))).limit(1)
        return connection.execute(found).first() is not None

    @classmethod
    def words_like(
        cls, connection: Connection, prefix: str, shortest: int, longest: int
    ) -> list[str]:
        """The words of the chunks that begin with `prefix` and have so many letters."""
        connection.exec_driver_sql(_VOCABULARY)
        rows = connection.exec_driver_sql(
            "SELECT DISTINCT term FROM temp.chunk_words WHERE term >= ? AND term < ? "
            "AND length(term) BETWEEN ? AND ? AND col = 'plain'",
            (prefix, prefix + "\U0010ffff", shortest, longest),
        )
        return [str(row[0]) for row in rows]

    @classmethod
    def problems(cls, connection: Connection) -> list[str]:
        """What SQLite's own integrity check and a comparison with the chunks find wrong."""
        found = []
        try:
            connection.exec_driver_sql(_CHECK)
        except DBAPIError:
            found.append("The lexical index is damaged.")
        missing = select(func.count()).where(chunks.c.key.not_in(select(_TERMS.c.rowid)))
        extra = (
            select(func.count())
            .select_from(_TERMS)
            .where(_TERMS.c.rowid.not_in(select(chunks.c.key)))
        )
        if count := connection.execute(missing).scalar_one():
            found.append(f"The lexical index lacks {count} chunks.")
        if count := connection.execute(extra).scalar_one():
            found.append(f"The lexical index has {count} chunks too many.")
        return found

    @classmethod
    def clear(cls, connection: Connection) -> None:
        connection.exec_driver_sql("DROP TABLE IF EXISTS chunk_terms")
        cls.create(connection)
