"""Untrusted text as Markdown that shows it as it is: no HTML, no links, no layout of its own.

Renderers differ in what they take for a link (`www.`, a bare address, an e-mail, @name), so all
that looks like one becomes a code span, which none of them touches.
"""

from __future__ import annotations

import re

_LINE_END = re.compile(r"\r\n|\r|\n")
_SPACES = re.compile(r"(\s+)")
_LINKISH = re.compile(r"://|@|www\.", re.IGNORECASE)
_AROUND = re.compile(r"^([(\[{“”\"'‘’«»]*)(.*?)([)\]}“”\"'‘’«».,;:!?]*)$", re.DOTALL)
_SIGNS = re.compile(r"[\\`*_{}\[\]#|~$^]")
# "irishtimes.com": some renderers link it, but never across an escaped dot.
_INNER_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d_])")
_LEAD_NUMBER = re.compile(r"^(\d+)([.)])")
_LEAD_SIGN = re.compile(r"^[-+=:]")
_TAGS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}  # older renderers know no backslash here
_BLANKS = {" ": "&#32;", "\t": "&#9;"}


def inline(text: str) -> str:
    """`text` on one line, its spaces single."""
    return _line(" ".join(text.split()))


def blockquote(text: str) -> str:
    """`text` as a blockquote, its lines and spaces kept."""
    lines = [_line(line.rstrip(" \t")) for line in _LINE_END.split(text)]
    quoted = [f"> {line}".rstrip() for line in lines]
    # Two spaces keep the line where the next one goes on with the same paragraph.
    return "\n".join(
        f"{line}  " if line != ">" and following != ">" else line
        for line, following in zip(quoted, [*quoted[1:], ">"], strict=True)
    )


def code(text: str) -> str:
    """`text` as a code span, on one line."""
    shown = " ".join(text.split())
    if not shown:
        return ""
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _line(line: str) -> str:
    told = "".join(_word(word) for word in _SPACES.split(line))
    if told[:1] in _BLANKS:  # else four of them would make a code block
        return _BLANKS[told[0]] + told[1:]
    told = _LEAD_NUMBER.sub(r"\1\\\2", told)
    return _LEAD_SIGN.sub(lambda found: f"\\{found[0]}", told)


def _word(word: str) -> str:
    if not _LINKISH.search(word):
        return _plain(word)
    before, core, after = _AROUND.fullmatch(word).groups()  # type: ignore[union-attr]
    return _plain(before) + code(core) + _plain(after)


def _plain(word: str) -> str:
    signs = _SIGNS.sub(lambda found: f"\\{found[0]}", word)
    dots = _INNER_DOT.sub(r"\\.", signs)
    return re.sub("[&<>]", lambda found: _TAGS[found[0]], dots)
