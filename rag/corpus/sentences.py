"""Sentences at their exact addresses.

Within a paragraph every stop followed by space (and every stop of scripts that write without)
is a candidate; what stands before it, what closes a quotation and what follows decide. The
rules are ours, the knowledge of words is Punkt's (`punkt`) and `abbreviations`'.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.corpus.abbreviations import SPEECH_VERBS, STARTERS, Abbreviations, abbreviations
from rag.corpus.clean import line_spans
from rag.corpus.punkt import Punkt, load_punkt
from rag.types import Mask, Sentence, Span

# A longer sentence is cut at a clause: the reader and the embedder see some 180 tokens. Of
# 129,460 sentences of 1,780 news pages 12 were longer, most of them lists or tables.
LONGEST = 600

_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u00ad"
_CLOSERS = "\"'”’“»«›‹)\\]}″"
_OPENERS = "\"'“”‘’„»«‹›(\\[{¿¡*_"
_CANDIDATE = re.compile(
    rf"(?P<stop>\.(?: \.)+|[.!?…؟۔।]+)(?P<close>(?:[{_CLOSERS}]|\[\d+\])*)[{_INVISIBLE}]*(?=\s)"
    rf"|(?P<wide>[。！？｡]+)[{_CLOSERS}」』）]*"
    # "said.The": a space lost when the page was copied.
    r"|(?<=[a-zåäöé]{3})(?P<glued>[.!?][”\"]?)(?=[“\"”]?[A-ZÅÄÖ][a-zåäöé]+[ ,])"
)
_LONGEST_TOKEN = 60
_FIRST_WORD = re.compile(rf"[{_OPENERS}\s]*([^\s{_CLOSERS},;:.!?…]+)")
_WORD_CHARACTER = re.compile(r"\w")
_INITIAL = re.compile(r"(?:[A-ZÅÄÖÉ]\.-?)*[A-ZÅÄÖÉ]")
_DOTTED = re.compile(r"(?:\w\.)+\w")
_COUNTRY = re.compile(r"u\.s|u\.k|u\.n|e\.u|u\.s\.a|d\.c")
_ORDINAL = re.compile(r"[\divxIVX]{1,4}|[a-z]")
# A sentence may begin in lower case with a name: iPhone, eBay, al-Qaida, von der Leyen.
_LOWER_NAME = re.compile(r"[a-z]{1,2}[A-Z]|(?:al|el|ash|an)-[A-Z]|(?:von|van|de|bin|al|af) [A-Zdv]")
_SPEECH_TAG = re.compile(
    rf"(?:[A-ZÅÄÖ][\w’'.-]*\s+){{1,4}}{SPEECH_VERBS}\b|{SPEECH_VERBS}\s+[A-ZÅÄÖ]"
)
_ATTRIBUTION = re.compile(r"[–—―-]{1,2}\s*[A-ZÅÄÖ][^.!?]{1,80}$")
_SPACE = re.compile(rf"[\s{_INVISIBLE}]+")
# Where a long sentence may be cut, best first.
_CLAUSES = (
    re.compile(r"[;:]\s+|\s+[–—]\s+|\s\|\s|\n"),
    re.compile(r",\s+(?:and|but|which|who|while|as|because|och|men|som|medan|eftersom|då)\s"),
    re.compile(r"[,、，]\s*"),
    re.compile(r"\s+"),
)


@dataclass(frozen=True, slots=True)
class _Words:
    """What is known of a language's words."""

    abbreviations: Abbreviations
    punkt: Punkt


def split_sentences(text: str, language: str, masks: Sequence[Mask] = ()) -> list[Span]:
    """The sentences of a text as ranges: in order, disjoint, without outer whitespace.

    No sentence crosses a paragraph or a mask; together they hold every visible character that
    is not masked.
    """
    words = _Words(abbreviations(language), load_punkt(language))
    spans: list[Span] = []
    for start, end in _unmasked_paragraphs(text, masks):
        at = start
        for cut in [*_breaks(text[start:end], words), end - start]:
            spans.extend(_fit(text, at, start + cut))
            at = start + cut
    return spans


def make_sentences(
    article_id: str, text: str, language: str, masks: Sequence[Mask]
) -> tuple[Sentence, ...]:
    """The sentences of an article, numbered from 0."""
    spans = split_sentences(text, language, masks)
    return tuple(
        Sentence(article_id, i, s.start, s.end, s.slice(text)) for i, s in enumerate(spans)
    )


def paragraphs(text: str) -> list[tuple[int, int]]:
    """Ranges that no sentence crosses: lines, or runs of lines where the text is hard-wrapped."""
    lines = [(s, e) for s, e in line_spans(text)]
    width = _wrap_width([text[s:e].rstrip() for s, e in lines])
    if width is None:
        return lines
    joined: list[tuple[int, int]] = []
    previous = ""
    for start, end in lines:
        line = text[start:end]
        if joined and _wrapped(previous, line, width):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
        previous = line.rstrip()
    return joined


def _wrapped(line: str, following: str, width: int) -> bool:
    """Whether the break after `line` was made by a margin: the next word did not fit."""
    words = following.split(maxsplit=1)
    if not line.strip() or not words or following[0].isspace():
        return False
    if re.match(r"[-*•–—>#|]\s|\d+[.)]\s", following):
        return False
    return len(line) + 1 + len(words[0]) > width


def _wrap_width(lines: list[str]) -> int | None:
    """The margin of a hard-wrapped text, or None: most of its breaks must come from it."""
    width = max((len(line) for line in lines), default=0)
    if not 40 <= width <= 120:
        return None
    pairs = [(a, b) for a, b in pairwise(lines) if a.strip() and b.strip()]
    wrapped = sum(_wrapped(a, b, width) for a, b in pairs)
    # A stop within a wrapped line falls anywhere, so most margin breaks are in mid-sentence.
    unstopped = sum(not re.search(r"[.!?:…”\"]$", a) and _wrapped(a, b, width) for a, b in pairs)
    hard = wrapped >= 3 and wrapped > 0.6 * len(pairs) and 2 * unstopped > wrapped
    return width if hard else None


def _unmasked_paragraphs(text: str, masks: Sequence[Mask]) -> Iterator[tuple[int, int]]:
    """Paragraphs with the masks cut out, as ranges."""
    ordered = sorted(masks, key=lambda m: m.start)
    first = 0
    for start, end in paragraphs(text):
        while first < len(ordered) and ordered[first].end <= start:
            first += 1
        at, current = start, first
        while current < len(ordered) and ordered[current].start < end:
            if at < ordered[current].start:
                yield at, ordered[current].start
            at = max(at, ordered[current].end)
            current += 1
        if at < end:
            yield at, end


def _breaks(paragraph: str, words: _Words) -> Iterator[int]:
    """Where one sentence ends and the next begins, as offsets into the paragraph.

    Every step looks at a bounded stretch: a paragraph may be megabytes without one break.
    """
    last = next((i for i in range(len(paragraph) - 1, -1, -1) if paragraph[i].isalnum()), -1)
    lower = paragraph.islower()
    start = looked = 0
    worded = False
    for match in _CANDIDATE.finditer(paragraph):
        end = match.end()
        if end > last:
            return
        # "...", "—": what holds no word is no sentence and joins the next.
        worded = worded or bool(_WORD_CHARACTER.search(paragraph, looked, end))
        looked = end
        if not worded:
            continue
        if match["wide"] or match["glued"] or _is_break(paragraph, start, match, words, lower):
            yield end
            start, worded = end, False


def _is_break(paragraph: str, start: int, match: re.Match[str], words: _Words, lower: bool) -> bool:
    rest = paragraph[match.end() : match.end() + 200].lstrip(f" \t\n\xa0{_INVISIBLE}")
    stop, closed = match["stop"], bool(match["close"])
    if closed and _ATTRIBUTION.match(rest):
        return False
    if closed and stop != "." and _SPEECH_TAG.match(rest):
        return False
    word = _FIRST_WORD.match(rest)
    following = word[1] if word else rest[:1]
    # Lower case begins a sentence only as a name, or where all is written so.
    if following[:1].islower() and (closed or not (lower or _LOWER_NAME.match(rest))):
        return False
    if stop != "." or closed:
        return True
    before = paragraph[max(start, match.start() - _LONGEST_TOKEN) : match.start()].split()
    token = before[-1].lstrip("\"'“”‘’„»«‹›([{*_–—-") if before else ""
    first = len(before) == 1 and match.start() - start < _LONGEST_TOKEN
    return _ends_sentence(token, following, first, words)


def _ends_sentence(token: str, following: str, first: bool, words: _Words) -> bool:
    """Whether the stop after `token` ends its sentence, and is no abbreviation's alone."""
    key, known = token.lower(), words.abbreviations
    if token in known.titles:
        return False
    if token in known.numbered and following[:1].isdigit():
        return False
    # "1. The first point": an ordinal at the very beginning.
    if first and _ORDINAL.fullmatch(token):
        return False
    starter = following.lower() in STARTERS
    # "U.S. Climate Alliance", "8 p.m. ET": names go on after these, whatever Punkt knows.
    if not _COUNTRY.fullmatch(key) and not following.isupper():
        starter = starter or words.punkt.starts_sentence(following) is True
    if _INITIAL.fullmatch(token) or token in known.either or _DOTTED.fullmatch(token):
        return starter or not following[:1].isalnum()
    if key in words.punkt.abbreviations and token not in known.numbered and len(key) > 1:
        return starter or words.punkt.starts_sentence(following) is not False
    return True


def _fit(text: str, start: int, end: int) -> Iterator[Span]:
    """The range without outer whitespace, in pieces of at most `LONGEST` characters."""
    start, end = _trim(text, start, end)
    while end - start > LONGEST:
        cut = _clause_end(text, start)
        left = _trim(text, start, cut)
        if left[0] < left[1]:
            yield Span(*left)
        start, end = _trim(text, cut, end)
    if start < end:
        yield Span(start, end)


def _clause_end(text: str, start: int) -> int:
    """The best cut in the second half of the longest piece allowed."""
    low, high = start + LONGEST // 2, start + LONGEST
    for pattern in _CLAUSES:
        cuts = [m.end() for m in pattern.finditer(text, low, high)]
        if cuts:
            # ", and" opens the next piece: only the comma belongs to this one.
            return text.rfind(",", low, cuts[-1]) + 1 if pattern is _CLAUSES[1] else cuts[-1]
    return high


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and _SPACE.match(text[start]):
        start += 1
    while start < end and _SPACE.match(text[end - 1]):
        end -= 1
    return start, end
