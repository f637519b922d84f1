"""What an XMPP message says, read from its XML, and how ours are written.

Everything that arrives was written by others and may be of any form: what cannot be read is
nothing. The numbers are those of the XMPP extensions (https://xmpp.org/extensions/).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from slixmpp import JID, InvalidJID

from rag.rendering import Piece, within_quotes, write_text

REPLY = "urn:xmpp:reply:0"
FALLBACK = "urn:xmpp:fallback:0"
STANZA_ID = "urn:xmpp:sid:0"
CHAT_STATES = "http://jabber.org/protocol/chatstates"
UNSTYLED = "{urn:xmpp:styling:0}unstyled"
ROOM_USER = "http://jabber.org/protocol/muc#user"
_CLIENT = "jabber:client"
_DIRECT_INVITATION = "{jabber:x:conference}x"
_CORRECTION = "{urn:xmpp:message-correct:0}replace"
_REFERENCE = "{urn:xmpp:reference:0}reference"
_DELAY = "{urn:xmpp:delay}delay"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_OMEMO = tuple(
    f"{{{namespace}}}"
    for namespace in ("eu.siacs.conversations.axolotl", "urn:xmpp:omemo:1", "urn:xmpp:omemo:2")
)
_OTHERWISE_SEALED = (
    "{urn:xmpp:openpgp:0}openpgp",
    "{jabber:x:encrypted}x",
    "{urn:xmpp:eme:0}encryption",
)

# What an XML stream must not hold; a server ends the stream for it.
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Message styling (0393): *so*, _so_, ~so~, `so`, and lines that begin with ```.
_STYLED = re.compile(
    r"(?:^|(?<=[\s*_~`]))([*_~`])(?=[^\s*_~`]).*?(?<=\S)\1|^(?:>[ ]?)*```", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """To a room."""

    room: str
    password: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A message that says something."""

    kind: str  # chat | normal | groupchat
    sender: JID
    id: str  # as its sender named it
    origin_id: str  # 0359: the same, from apps that promise never to name two alike
    stanza_ids: dict[str, str]  # 0359: by whom it was named, and how
    text: str  # without what stands in it only for apps that know no replies
    thread: str
    sent: float | None  # seconds since 1970, where it was delayed
    delayed_by: frozenset[str]
    replies_to: tuple[str, str] | None  # 0461: whom, and the id of what they said
    mentions: frozenset[str]  # 0372: addresses
    corrects: str  # 0308: the id of what was said before
    sealed: bool  # encrypted
    tells_states: bool  # 0085: whether its sender shows when they write
    invitation: Invitation | None
    language: str | None

    def event(self, speaker: str, trusted: str) -> str:
        """What names this message, also when it is delivered again.

        `speaker` is who said it; `trusted`, the server or room, never names two messages alike.
        """
        if self.origin_id:
            named = [speaker, self.origin_id]
        elif trusted in self.stanza_ids:
            named = [trusted, self.stanza_ids[trusted]]
        else:  # some apps number their messages from 1 each day: the words tell them apart
            named = [speaker, self.id, self.text]
        return hashlib.sha256("\n".join(named).encode()).hexdigest()[:32]

    def names(self, nick: str) -> bool:
        """Whether the text begins with `nick`, as one calls somebody in a room."""
        return _opening(nick).match(self.text) is not None

    def without(self, nick: str) -> str:
        return _opening(nick).sub("", self.text, count=1).strip()


def read(xml: Element) -> Said | None:
    """What a message stanza says; None for a notice, an error and what has no words."""
    kind = xml.get("type", "normal")
    if kind not in ("chat", "groupchat", "normal"):
        return None
    sender = _address(xml.get("from", ""))
    sealed = _is_sealed(xml)
    invitation = _invitation(xml)
    text = _without_fallbacks(xml, xml.findtext(f"{{{_CLIENT}}}body", ""))
    if sender is None or sealed is None or not (text.strip() or sealed or invitation):
        return None
    delays = [(d.get("from", ""), _seconds(d.get("stamp", ""))) for d in xml.iterfind(_DELAY)]
    language = xml.get(_LANGUAGE)
    return Said(
        kind=kind,
        sender=sender,
        id=xml.get("id", ""),
        origin_id=_of(xml, f"{{{STANZA_ID}}}origin-id", "id"),
        stanza_ids={
            one.get("by", ""): one.get("id", "")
            for one in xml.iterfind(f"{{{STANZA_ID}}}stanza-id")
        },
        text=text,
        thread=xml.findtext(f"{{{_CLIENT}}}thread", ""),
        sent=min((stamp for _, stamp in delays if stamp is not None), default=None),
        delayed_by=frozenset(who for who, _ in delays),
        replies_to=_replies_to(xml),
        mentions=frozenset(_mentions(xml)),
        corrects=_of(xml, _CORRECTION, "id"),
        sealed=sealed or text.startswith("?OTR"),
        tells_states=any(child.tag.startswith(f"{{{CHAT_STATES}}}") for child in xml),
        invitation=invitation,
        language=language.partition("-")[0].lower() if language else None,
    )


def write(piece: Piece) -> str:
    """As plain text; a quote in the form that apps with message styling (0393) show as a quote."""
    if piece.kind != "quote":
        return write_text(piece)
    return quoted(f"[{piece.n}] {within_quotes(piece)}")


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def legal(text: str) -> str:
    """`text` without what may not be sent: form feeds of old documents, halves of characters."""
    return _ILLEGAL.sub(
        lambda found: " " if found[0] in "\v\f" else "\N{REPLACEMENT CHARACTER}", text
    )


def looks_styled(message: Sequence[Piece]) -> bool:
    """Whether an app with message styling would take the words of a message for markup."""
    for piece in message:
        if _STYLED.search(piece.text):
            return True
        if piece.kind != "quote" and any(line.startswith(">") for line in piece.text.split("\n")):
            return True
    return False


def _opening(nick: str) -> re.Pattern[str]:
    name = re.escape(nick)
    return re.compile(rf"\A\s*(?:@{name}(?=[\s:,]|\Z)[:,]?|{name}\s*[:,])\s*", re.IGNORECASE)


def _address(text: str) -> JID | None:
    try:
        return JID(text)
    except InvalidJID:
        return None


def _of(xml: Element, tag: str, name: str) -> str:
    found = xml.find(tag)
    return "" if found is None else found.get(name, "")


def _is_sealed(xml: Element) -> bool | None:
    """Whether a message is encrypted; None where it only carries keys."""
    for namespace in _OMEMO:
        found = xml.find(f"{namespace}encrypted")
        if found is not None:
            return True if found.find(f"{namespace}payload") is not None else None
    return any(xml.find(tag) is not None for tag in _OTHERWISE_SEALED)


def _invitation(xml: Element) -> Invitation | None:
    """A room's own (0045), or that of somebody who is in it (0249)."""
    direct = xml.find(_DIRECT_INVITATION)
    if direct is not None and (room := _address(direct.get("jid", ""))) is not None:
        return Invitation(room.bare, direct.get("password"))
    told = xml.find(f"{{{ROOM_USER}}}x")
    if told is not None and told.find(f"{{{ROOM_USER}}}invite") is not None:
        room = _address(xml.get("from", ""))
        if room is not None:
            return Invitation(room.bare, told.findtext(f"{{{ROOM_USER}}}password"))
    return None


def _replies_to(xml: Element) -> tuple[str, str] | None:
    found = xml.find(f"{{{REPLY}}}reply")
    return None if found is None else (found.get("to", ""), found.get("id", ""))


def _mentions(xml: Element) -> Iterator[str]:
    for reference in xml.iterfind(_REFERENCE):
        address = reference.get("uri", "")
        if reference.get("type") == "mention" and address.startswith("xmpp:"):
            yield unquote(address.removeprefix("xmpp:").partition("?")[0])


def _without_fallbacks(xml: Element, text: str) -> str:
    """`text` without what stands there for apps that don't know an extension (0428)."""
    spans = []
    for fallback in xml.iterfind(f"{{{FALLBACK}}}fallback"):
        parts = fallback.findall(f"{{{FALLBACK}}}body")
        if not parts and fallback.find(f"{{{FALLBACK}}}subject") is None:
            return ""
        for part in parts:
            first, last = part.get("start", "0"), part.get("end", str(len(text)))
            if first.isdecimal() and last.isdecimal():
                spans.append((int(first), int(last)))
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[max(start, end) :]
    return text


def _seconds(stamp: str) -> float | None:
    try:
        on = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return (on if on.tzinfo else on.replace(tzinfo=UTC)).timestamp()
