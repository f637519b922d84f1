"""Masks: which ranges of a text are furniture, and why. The text itself is never touched.

Conservative on principle: a line is masked when it is one of `boilerplate.txt`'s, or when its
form and place say title, heading or dateline. A body sentence quoted is worth more than a
stray "Share" hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.corpus.boilerplate import AGENCY_LINE, DATELINE_PREFIX, Rule, rules
from rag.corpus.raw import Media
from rag.types import Mask

# A line longer than this is body text even without a stop; subheads are shorter.
_HEADLINE_CHARS = 140
_HEADING_CHARS = 90
_HEADING_WORDS = 14
_BODY_CHARS = 80
_LOOK_AHEAD = 12

LINE_BREAK = re.compile(r"[\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = "".join(filter(str.isspace, map(chr, range(0x3001))))
_OUTER = _SPACES + "\ufeff\u200b\u200c\u200d\u2060\u00ad"
_STOP = re.compile(r"[.!?…:;,؟。！？][\"'”’»)\]]*$|[,;:–—-]$")
_INNER_STOP = re.compile(r"[.!?…][\"'”’»)]*\s+[\"'“”‘’«(]*[A-ZÅÄÖ]")
_NO_HEADING = re.compile(r"[-–—−•*►▶●▪◦■>|+\"“”„»«]|\d+[.)]\s|\(")
# A subhead that asks: quoted as an answer it would only repeat the question.
_QUESTION = re.compile(
    r"(?:What|Why|How|When|Where|Who|Whose|Which|Is|Are|Was|Were|Can|Could|Will|Would|Did|Does|Do"
    r"|Has|Have|Should|Vad|Varför|Hur|När|Var|Vem|Vems|Vilk\w+|Kan|Är|Ska|Har|Får|Blir|Finns)\b"
    r"[^.!?…“”\"]*\?"
)
_TABLE = re.compile(r"\t|\s\|\s|\s{3,}")


@dataclass(slots=True)
class _Line:
    start: int  # of its text, outer whitespace taken off
    end: int
    text: str
    reason: str | None = None
    opens: bool = False
    after_blank: bool = True


def find_masks(text: str, *, title: str | None = None, media: Media = "txt") -> tuple[Mask, ...]:
    """The masks of a text, in order and disjoint; `title` is its known headline, if any."""
    lines = _lines(text)
    if media == "md":
        _mark_markdown(lines)
    _mark_rules(lines)
    _mark_tail(lines)
    _mark_lists(lines)
    _mark_head(lines, title)
    _mark_headings(lines)
    return tuple(_masks(lines))


def headline(text: str, masks: tuple[Mask, ...]) -> str | None:
    """The first masked title or markdown heading that stands before any body text."""
    at = 0
    for mask in masks:
        if text[at : mask.start].strip():
            return None
        if mask.reason in ("title", "heading"):
            return " ".join(text[mask.start : mask.end].strip("# \t=").split()) or None
        at = mask.end
    return None


def line_spans(text: str) -> Iterator[tuple[int, int]]:
    """The range of each line, its break left out."""
    start = 0
    for match in LINE_BREAK.finditer(text):
        yield start, match.start()
        start = match.end()
    yield start, len(text)


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    blank = True
    for start, end in line_spans(text):
        raw = text[start:end]
        stripped = raw.strip(_OUTER)
        if not stripped:
            blank = True
            continue
        offset = start + raw.index(stripped)
        lines.append(_Line(offset, offset + len(stripped), stripped, after_blank=blank))
        blank = False
    return lines


def _mark(line: _Line, rule: Rule) -> None:
    line.reason, line.opens = rule.reason, rule.opens


def _match(line: _Line, *, tail: bool) -> Rule | None:
    if len(line.text) > 600:
        return None
    return next(
        (rule for rule in rules() if rule.tail <= tail and rule.pattern.fullmatch(line.text)), None
    )


def _mark_rules(lines: list[_Line]) -> None:
    for line in lines:
        if line.reason is None and (rule := _match(line, tail=False)):
            _mark(line, rule)


def _mark_tail(lines: list[_Line]) -> None:
    """From the end upwards: rules that are only sure among other furniture."""
    for line in reversed(lines):
        if line.reason is None:
            rule = _match(line, tail=True)
            if rule is None:
                return
            _mark(line, rule)


def _mark_lists(lines: list[_Line]) -> None:
    """After "Related posts" or "Tags": the headline-like lines to the article's end.

    Only when nothing but such lines follows; "READ MORE" within an article opens nothing.
    """
    opener: _Line | None = None
    listed: list[_Line] = []
    for line in lines:
        if line.opens and opener is None:
            opener = line
        elif line.reason is None and opener is not None:
            listed.append(line)
            if len(line.text) > _HEADLINE_CHARS or _STOP.search(line.text):
                opener, listed = None, []
    for line in listed:
        line.reason = opener.reason if opener else None


def _mark_head(lines: list[_Line], title: str | None) -> None:
    """Title, its double, and a dateline on lines of its own, before the first body line."""
    if not any(_is_body(line) for line in lines):
        return
    seen: set[str] = set()
    known = _key(title or "")
    for at, line in enumerate(lines):
        key = _key(line.text)
        if line.reason == "heading" or (at == 0 and line.reason):
            seen.add(key)
            continue
        if line.reason:
            continue
        if key and key in seen:
            line.reason = "repeated headline"
        elif known and key == known:
            line.reason = "title"
        elif not _headline_like(line, lines[at + 1 : at + _LOOK_AHEAD]):
            return
        elif _place_line(line, lines[at + 1 : at + 2]):
            line.reason = "dateline"
        else:
            line.reason = "title" if not seen else "heading"
        seen.add(key)


def _is_body(line: _Line) -> bool:
    return line.reason is None and (
        bool(_STOP.search(line.text)) or len(line.text) > _HEADLINE_CHARS
    )


def _headline_like(line: _Line, rest: list[_Line]) -> bool:
    """A headline has no stop, is not long, and body text follows within a few lines."""
    if len(line.text) > _HEADLINE_CHARS or _STOP.search(line.text) or _TABLE.search(line.text):
        return False
    if _INNER_STOP.search(line.text) or re.match(r"[-–—•*►▶●]", line.text):
        return False
    follows = [x for x in rest if x.reason is None][:3]
    return any(_is_body(x) for x in follows)


def _place_line(line: _Line, rest: list[_Line]) -> bool:
    """A place is told from a title by the agency's name on the next line."""
    if len(line.text.split()) > 4 or not line.text[0].isupper():
        return False
    return bool(rest and AGENCY_LINE.fullmatch(rest[0].text))


def _mark_headings(lines: list[_Line]) -> None:
    """Subheads: short, unstopped, alone, right before body text.

    Only in texts whose body lines end with a stop; lists, tables and verse are left alone.
    """
    body = [x for x in lines if x.reason is None and len(x.text) >= _BODY_CHARS]
    if not body or sum(bool(_STOP.search(x.text)) for x in body) < 0.7 * len(body):
        return
    for at, line in enumerate(lines):
        if line.reason or not _heading_like(line):
            continue
        after = lines[at + 1] if at + 1 < len(lines) else None
        before = lines[at - 1] if at else None
        if after is None or after.reason is not None or not _paragraph(after):
            continue
        if before is not None and before.reason is None and not _paragraph(before):
            continue
        line.reason = "heading"


def _heading_like(line: _Line) -> bool:
    text = line.text
    return (
        len(text) <= _HEADING_CHARS
        and len(text.split()) <= _HEADING_WORDS
        and (not _STOP.search(text) or bool(_QUESTION.fullmatch(text)))
        and not _INNER_STOP.search(text)
        and not _NO_HEADING.match(text)
        and not _TABLE.search(text)
        and (text[0].isupper() or text[0].isdigit() or not text[0].isalpha())
    )


def _paragraph(line: _Line) -> bool:
    return bool(_STOP.search(line.text)) or len(line.text) >= _BODY_CHARS


def _mark_markdown(lines: list[_Line]) -> None:
    """Front matter, headings, rules, images, code and comments of Markdown."""
    fence: str | None = None
    front = bool(lines) and lines[0].text == "---" and any(x.text == "---" for x in lines[1:])
    for at, line in enumerate(lines):
        text = line.text
        if front:
            line.reason = "front matter"
            front = at == 0 or text not in ("---", "...")
        elif fence:
            line.reason = "code"
            fence = None if text.startswith(fence) else fence
        elif text.startswith(("```", "~~~")):
            line.reason, fence = "code", text[:3]
        elif re.match(r"#{1,6}\s", text):
            line.reason = "heading"
        elif re.fullmatch(r"=+|-{2,}", text) and at and not line.after_blank:
            if lines[at - 1].reason is None and not _STOP.search(lines[at - 1].text):
                lines[at - 1].reason = "heading"
            line.reason = "heading"
        elif re.fullmatch(
            r"!\[[^\]]*\]\([^)]*\)|\[[^\]]+\]:\s+\S+.*|<!--.*-->|[|:\s-]{3,}|</?\w+[^>]*>", text
        ):
            line.reason = "markup"


def _key(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


def _masks(lines: list[_Line]) -> Iterator[Mask]:
    """Neighbouring lines with one reason become one mask; a dateline prefix its own."""
    current: Mask | None = None
    body_seen = False
    for line in lines:
        if line.reason is not None:
            if current and current.reason == line.reason:
                current = Mask(current.start, line.end, line.reason)
            else:
                if current:
                    yield current
                current = Mask(line.start, line.end, line.reason)
            continue
        if current:
            yield current
            current = None
        if not body_seen and (prefix := DATELINE_PREFIX.match(line.text)):
            yield Mask(line.start, line.start + prefix.end(), "dateline")
        body_seen = True
    if current:
        yield current
