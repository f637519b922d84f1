"""Names of people, places and bodies, in the forms English and Swedish give them.

A name of a statement must be in its quotes: as it is, inflected (`Kinas`), as another word
for the same (`Chinese`, `kinesisk`), as initials (`EU`), or garbled a little (`Bescent`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

from rag.answering.checks.bilingual import cognate, translations
from rag.answering.checks.lexicon import longest_name, name_forms, table, words
from rag.answering.checks.text import Language, Text, Token, fold, is_stop, joined

_PARTICLES = frozenset(
    ["de", "da", "di", "van", "von", "der", "den", "bin", "ibn", "al", "el", "la", "le", "af"]
)


@dataclass(frozen=True, slots=True)
class Name:
    """A run of name words at tokens [first, last).

    `key` is set where the lexicon knows it (`china`); `seat` where a capital stands for it.
    """

    first: int
    last: int
    text: str
    parts: tuple[str, ...]  # folded words: lower case, no accents, no genitive
    key: str | None = None
    seat: bool = False
    stems: tuple[str, ...] = ()


def find_names(text: Text) -> list[Name]:
    """The names of a text, in order. The first word of a sentence counts only on evidence."""
    found: list[Name] = []
    i = 0
    while i < len(text.tokens):
        name = _known(text, i) or _run(text, i)
        if name is None:
            i += 1
            continue
        found.append(name)
        i = name.last
    return found


def _known(text: Text, i: int) -> Name | None:
    forms = name_forms()
    for length in range(min(longest_name(), len(text.tokens) - i), 0, -1):
        tokens = text.tokens[i : i + length]
        lowered = " ".join(t.lower for t in tokens)
        form = forms.get(lowered)
        if form is None and lowered.endswith("s"):
            form = forms.get(lowered[:-1])
        if form is None:
            continue
        if form.word or (tokens[0].capital and not _plain_word(tokens)):
            parts = tuple(fold(t.text) for t in tokens)
            stems = tuple(t.stem for t in tokens)
            said = joined(text, i, i + length)
            return Name(i, i + length, said, parts, form.key, form.seat, stems)
    return None


def _plain_word(tokens: Sequence[Token]) -> bool:
    """`Us`, `Who`, `Polish`: a common word that only starts a sentence."""
    first = tokens[0]
    return len(tokens) == 1 and is_stop(first) and not first.acronym


def _run(text: Text, i: int) -> Name | None:
    if not _names_something(text, i):
        return None
    last = i + 1
    while last < len(text.tokens) and _joins(text, last):
        last += 1
    while last > i + 1 and text.tokens[last - 1].lower in _PARTICLES:
        last -= 1
    parts = tuple(fold(t.text) for t in text.tokens[i:last])
    stems = tuple(t.stem for t in text.tokens[i:last])
    return Name(i, last, joined(text, i, last), parts, stems=stems)


def _joins(text: Text, i: int) -> bool:
    token, before = text.tokens[i], text.tokens[i - 1]
    if text.raw[before.end : token.start] not in {" ", "-", "\u00a0"}:
        return False
    if before.text.endswith(("'s", "\u2019s")):
        return False
    if token.lower in _PARTICLES and not token.capital:
        return i + 1 < len(text.tokens) and text.tokens[i + 1].capital
    return _capital_word(token) and not _skipped(token)


def _capital_word(token: Token) -> bool:
    return token.capital and token.text[:1].isalpha()


def _skipped(token: Token) -> bool:
    """Capitalised, but a title, a month, a weekday or a function word."""
    lower = token.lower
    return (
        lower in words("roles")
        or lower in table("months")
        or lower in table("weekdays")
        or (is_stop(token) and not token.acronym)
        or len(token.text) == 1
    )


def _names_something(text: Text, i: int) -> bool:
    token = text.tokens[i]
    if not _capital_word(token) or _skipped(token):
        return False
    if not token.initial:
        return True
    # The first word of a sentence: a name if it looks like one elsewhere, or starts a run.
    following = text.tokens[i + 1] if i + 1 < len(text.tokens) else None
    if token.acronym or token.text.endswith(("'s", "\u2019s")):
        return True
    if following is not None and _joins(text, i + 1) and not following.initial:
        return True
    if following is not None and following.lower in words("says"):
        return True
    return any(t.text == token.text and not t.initial for t in text.tokens)


@dataclass(frozen=True, slots=True)
class NameIndex:
    """All the names that some texts can vouch for."""

    keys: frozenset[str]
    tokens: frozenset[str]
    capitals: frozenset[str]  # folded capitalised words
    acronyms: frozenset[str]  # folded words all in capitals
    initials: frozenset[str]
    before: dict[str, frozenset[str]]  # folded word -> capitalised words right before it
    stems: dict[Language, frozenset[str]]


def index_names(texts: Iterable[tuple[Text, Sequence[Name]]]) -> NameIndex:
    keys: set[str] = set()
    tokens: set[str] = set()
    capitals: set[str] = set()
    acronyms: set[str] = set()
    initials: set[str] = set()
    before: dict[str, set[str]] = {}
    stems: dict[Language, set[str]] = {}
    for text, names in texts:
        stems.setdefault(text.language, set()).update(t.stem for t in text.tokens)
        keys.update(name.key for name in names if name.key)
        keys.update(n.key for i in range(len(text.tokens)) if (n := _known(text, i)) and n.key)
        for i, token in enumerate(text.tokens):
            word = fold(token.text)
            tokens.add(word)
            if token.capital:
                capitals.add(word)
            if len(word) > 1 and token.text.isupper():
                acronyms.add(word)
            if i and _given(text, i - 1):
                before.setdefault(word, set()).add(fold(text.tokens[i - 1].text))
        initials.update(_initials(text))
    return NameIndex(
        frozenset(keys), frozenset(tokens), frozenset(capitals), frozenset(acronyms),
        frozenset(initials),
        {word: frozenset(found) for word, found in before.items()},
        {language: frozenset(found) for language, found in stems.items()},
    )  # fmt: skip


def _given(text: Text, i: int) -> bool:
    """Whether the word could be the given name of the next."""
    token, after = text.tokens[i], text.tokens[i + 1]
    return token.capital and not _skipped(token) and text.raw[token.end : after.start] == " "


def _initials(text: Text) -> set[str]:
    """Initials of runs of capitalised words: `imf` of International Monetary Fund."""
    found: set[str] = set()
    run = ""
    for token in text.tokens:
        if token.capital:
            run += token.text[0].lower()
            found.update(run[i:] for i in range(len(run) - 1))
        elif token.lower not in {"of", "the", "for", "and", "och", "för"}:
            run = ""
    return found


def same_word(a: str, b: str) -> bool:
    """Two folded words for one name: equal, inflected, or one a slip of the other."""
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    if long.startswith(short):
        rest = long[len(short) :]
        return rest == "s" or (
            len(short) >= 4 and rest in {"en", "et", "n", "ns", "ens", "es", "an", "ian", "er"}
        )
    return _slip(a, b)


def _slip(a: str, b: str) -> bool:
    """Whether one spelling may be a slip of the other.

    One edit in six letters, two where one has seven, the first letter kept; longer edits join
    different people (Hansson and Jansson differ in the first letter, so they stay apart).
    """
    anagram = sorted(a) == sorted(b)
    if min(len(a), len(b)) < 6 - anagram or a[0] != b[0] or not (a.isalpha() and b.isalpha()):
        return False
    if a in name_forms() or b in name_forms():
        return False
    # Letters only changed about (Keisha, Keshia) count as the longer limit too.
    limit = 2 if max(len(a), len(b)) >= 7 or anagram else 1
    return DamerauLevenshtein.distance(a, b, score_cutoff=limit) <= limit


def has_word(index: NameIndex, word: str, *, acronym: bool = False) -> bool:
    """Whether the texts say this folded name word in some form."""
    if word in index.tokens or (acronym and word in index.initials):
        return True
    if any(same_word(word, other) for other in index.capitals):
        return True
    # Swedish compounds: Trumpadministrationen for Trump, Amsterdamfördraget for Amsterdam.
    if len(word) >= 5 and any(t.startswith(word) for t in index.tokens):
        return True
    return len(word) >= 9 and any(len(c) >= 5 and word.startswith(c) for c in index.capitals)


def missing_part(name: Name, index: NameIndex, language: Language) -> str | None:
    """The name, if some part of it is in none of the texts, else None.

    Across languages a part may be translated (`Supreme Court`, `Högsta domstolen`), and a
    name of nothing but common words is left to coverage.
    """
    if name.key is not None and name.key in index.keys:
        return None
    acronym = name.text.replace(".", "").isupper()
    absent = [i for i, part in enumerate(name.parts) if not has_word(index, part, acronym=acronym)]
    if len(name.parts) > 1 and "".join(p[0] for p in name.parts) in index.acronyms:
        return None
    if name.key is None:
        partly = len(absent) < len(name.parts)
        absent = [i for i in absent if not _translated(name, i, index, language, partly)]
    if not absent or (name.key is None and _given_name_only(name, absent, index)):
        return None
    return name.text


def _translated(name: Name, i: int, index: NameIndex, language: Language, partly: bool) -> bool:
    """Whether a text says the part as another name for it or in the other language.

    A common word beside a part that is said (`partly`) may be translated freely.
    """
    form = name_forms().get(name.parts[i])
    if form is not None and form.key in index.keys:
        return True
    others = [other for other in index.stems if other != language]
    for other in others:
        translated = translations(name.stems[i], other)
        if translated & index.stems[other] or any(
            len(t) >= 4 and t in s for t in translated for s in index.stems[other]
        ):
            return True
        if any(cognate(name.parts[i], word) for word in index.tokens):
            return True
        if partly and translated and form is None:
            return True
    return False


def _given_name_only(name: Name, absent: Sequence[int], index: NameIndex) -> bool:
    """Only the given name is missing, and the texts give that person no other."""
    if len(name.parts) < 2 or list(absent) != [0]:
        return False
    given, family = name.parts[0], name.parts[-1]
    if len(name.parts) > 2 and name.parts[1] in index.tokens:
        family = name.parts[1]
    others = index.before.get(family, frozenset())
    return all(given[0] == other[0] and min(len(given), len(other)) <= 2 for other in others)
