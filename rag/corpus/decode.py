"""Bytes to text: UTF-8 first, then byte order marks, then a careful guess."""

from __future__ import annotations

import codecs
import logging

from rag.corpus.raw import UnusableError

# Longest first: UTF-32-LE begins with the mark of UTF-16-LE.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What Western news text holds beyond ASCII. When every such byte of a file decodes to one of
# these in cp1252, cp1252 is the answer: on short texts a statistical guess often names an
# Eastern European code page instead.
_WESTERN = frozenset(
    "åäöÅÄÖæøÆØéèêëÉÈÊËáàâãÁÀÂÃíìîïÍÎÏóòôõÓÒÔÕúùûüÚÙÛÜçÇñÑßýÿ"
    "€£§°±²³½¼¾·«»‘’‚“”„–—…•©®™´¨×\xa0\xad¡¿ªº"
)
_GUESS_FROM = 200_000
# Of UTF-8 with a few broken bytes at least this many good sequences stand against each.
_GOOD_PER_BROKEN = 10


def decode(data: bytes) -> str:
    """The text of a file without its byte order mark; `UnusableError` for what is no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode_marked(data[len(mark) :], encoding)
    if unmarked := _unmarked_utf16(data):
        return _decode_marked(data, unmarked)
    if b"\x00" in data:
        raise UnusableError("is not text (it contains NUL bytes): convert it to UTF-8 text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data)


def _decode_marked(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-8":
            return data.decode(encoding, "replace")
        raise UnusableError(
            f"begins like {encoding.upper()} but is damaged: save it again as UTF-8 text"
        ) from None


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: in Western text nearly every second byte is zero."""
    head = data[:4096]
    if len(head) < 8 or len(data) % 2:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.7 * half and even == 0:
        return "utf-16-le"
    if even > 0.7 * half and odd == 0:
        return "utf-16-be"
    return None


def _decode_legacy(data: bytes) -> str:
    replaced = data.decode("utf-8", "replace")
    broken = replaced.count("\ufffd")
    good = sum(1 for c in replaced if ord(c) > 127) - broken
    if good >= _GOOD_PER_BROKEN * broken:
        return replaced
    try:
        western = data.decode("cp1252")
    except UnicodeDecodeError:
        western = ""
    if western and all(ord(c) < 128 or c in _WESTERN for c in western):
        return _refuse_controls(western)

    from charset_normalizer import from_bytes

    logging.getLogger("charset_normalizer").addHandler(logging.NullHandler())
    best = from_bytes(data[:_GUESS_FROM]).best()
    if best is None:
        raise UnusableError("is neither UTF-8 nor any other text encoding: save it as UTF-8 text")
    return _refuse_controls(data.decode(best.encoding, "replace"))


def _refuse_controls(text: str) -> str:
    """Binary data decodes as something; control characters betray it."""
    sample = text[:_GUESS_FROM]
    controls = sum(1 for c in sample if ord(c) < 32 and c not in "\t\n\r\f\v")
    if controls > len(sample) / 200:
        raise UnusableError("is not text (it looks like binary data): convert it to UTF-8 text")
    return text
