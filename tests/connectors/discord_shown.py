"""What Discord shows of a message: its words, and what of them it takes for markup.

The rules are those of Discord's programs, which go through a message from left to right: a
backslash takes the meaning from the sign after it, and each other place is tried for markup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import groupby

_ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
_INLINE = re.compile(
    r"""
      \*\*[\s\S]+?\*\*(?!\*) | __[\s\S]+?__(?!_) | ~~[\s\S]+?~~ | \|\|[\s\S]+?\|\|   # bold …
    | \*(?=\S)(?:\\.|[^\\*])+\* | \b_(?:\\.|[^\\_])+_\b                              # italics
    | ```[\s\S]+?``` | `[^`]+`                                                       # code
    | \[(?:\\.|[^\]\\])*\]\([^)]*\)                                                  # masked links
    | <[^: >]+:/[^ >]+> | https?://[^\s<]+[^<.,:;"')\]\s] | \w+://\S+                # addresses
    | discord(?:\.gg|(?:app)?\.com/invite)/\w+                                       # invitations
    | <(?:@[!&]?|\#)\d+> | @(?:everyone|here) | [\w.+-]+@[\w-]+\.\w+                       # names
    | <a?:\w+:\d+> | :[\w+-]+: | <t:-?\d+(?::\w)?> | </[^<>:]+:\d+> | <id:\w+>       # emojis …
    """,
    re.VERBOSE,
)
_AT_START = re.compile(r" *(?:\#{1,3} |-\# |[-*+] |\d+[.)] |> |>>> )")
_QUOTE = re.compile(r"\[(\d+)\] (?:… )?[“”](.*)”(?: …)?", re.DOTALL)


@dataclass
class Shown:
    text: str = ""
    markup: list[str] = field(default_factory=list)  # without the block quotes
    quotes: list[tuple[int, str]] = field(default_factory=list)  # number and words


def shown(content: str) -> Shown:
    """`content` as it is read; the words in its block quotes as what they quote."""
    told = Shown()
    for inside, lines in groupby(content.split("\n"), lambda line: line.startswith("> ")):
        words = _read(
            "\n".join(line.removeprefix("> ") if inside else line for line in lines), told
        )
        told.text += words + "\n"
        if inside:
            found = _QUOTE.fullmatch(words)
            assert found is not None, words
            told.quotes.append((int(found[1]), found[2]))
    return told


def _read(text: str, told: Shown) -> str:
    words, at = "", 0
    while at < len(text):
        if at == 0 or text[at - 1] == "\n":
            begun = _AT_START.match(text, at)
            told.markup += [begun[0]] if begun else []
        if escape := _ESCAPE.match(text, at):
            words, at = words + escape[1], escape.end()
        elif markup := _INLINE.match(text, at):
            told.markup.append(markup[0])
            words, at = words + markup[0], markup.end()
        else:
            words, at = words + text[at], at + 1
    return words
