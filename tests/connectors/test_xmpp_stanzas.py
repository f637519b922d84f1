"""What an XMPP message says, and how an answer is written; no server is needed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from rag.connectors.xmpp import XmppDoor
from rag.connectors.xmpp_stanzas import Said, legal, looks_styled, read, write
from rag.rendering import Piece, divide, join, pieces, size
from tests.connectors.rooms import link
from tests.ui.scripted import RARE_EARTHS, TARIFFS, sample_bot

ANNA, ROOM = "anna@xmpp.example/phone", "news@rooms.xmpp.example"
BODY = "<body>Why?</body>"


def parsed(inside: str = BODY, **attributes: str) -> Said | None:
    given = {"from": ANNA, "type": "chat", "id": "m1"} | attributes
    written = " ".join(f'{name.replace("_", ":")}="{value}"' for name, value in given.items())
    xml = f'<message xmlns="jabber:client" {written}>{inside}</message>'
    return read(ET.fromstring(xml))  # noqa: S314 - our own


def said(inside: str = BODY, **attributes: str) -> Said:
    found = parsed(inside, **attributes)
    assert found is not None
    return found


def test_a_plain_message_is_read() -> None:
    found = said(f"{BODY}<thread>t1</thread>", xml_lang="sv-SE")
    assert (found.kind, str(found.sender), found.id) == ("chat", ANNA, "m1")
    assert (found.text, found.thread, found.language) == ("Why?", "t1", "sv")
    assert found.sent is None and not found.sealed and not found.tells_states
    assert said(type="normal").kind == "normal"


@pytest.mark.parametrize(
    ("inside", "attributes"),
    [
        (BODY, {"type": "error"}),
        (BODY, {"type": "headline"}),
        (BODY, {"type": "unheard-of"}),
        (BODY, {"from": "no@t@address"}),
        ("<body> </body>", {}),
        ("<subject>News</subject>", {"type": "groupchat"}),
        ('<composing xmlns="http://jabber.org/protocol/chatstates"/>', {}),
        ('<received xmlns="urn:xmpp:receipts" id="m0"/>', {}),
        ('<reactions xmlns="urn:xmpp:reactions:0" id="m0"><reaction>+</reaction></reactions>', {}),
        (  # keys alone
            '<encrypted xmlns="eu.siacs.conversations.axolotl"><header sid="1"/></encrypted>'
            '<store xmlns="urn:xmpp:hints"/>',
            {},
        ),
        (  # a message taken back, in words for apps that don't know that
            "<body>This person took a message back.</body>"
            '<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:message-retract:1"/>',
            {},
        ),
    ],
)
def test_what_says_nothing_to_the_bot_is_nothing(inside: str, attributes: dict[str, str]) -> None:
    assert parsed(inside, **attributes) is None


def test_what_is_said_again_for_apps_that_know_no_replies_is_left_out() -> None:
    quoted = "&gt; Anna: 😀 it was said\n"
    shown = len("> Anna: 😀 it was said\n")
    found = said(
        f"<body>{quoted}Why?</body>"
        '<reply xmlns="urn:xmpp:reply:0" to="bot@xmpp.example" id="m0"/>'
        '<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0">'
        f'<body start="0" end="{shown}"/></fallback>'
    )
    assert found.text == "Why?"
    assert found.replies_to == ("bot@xmpp.example", "m0")


@pytest.mark.parametrize("span", ['start="x" end="2"', 'start="-1" end="2"', 'start="9" end="1"'])
def test_a_span_that_is_none_changes_nothing(span: str) -> None:
    fallback = f'<fallback xmlns="urn:xmpp:fallback:0"><body {span}/></fallback>'
    assert said(BODY + fallback).text == "Why?"


def test_the_earliest_stamp_of_a_delayed_message_is_when_it_was_sent() -> None:
    found = said(
        f"{BODY}"
        '<delay xmlns="urn:xmpp:delay" from="bot@xmpp.example" stamp="2026-11-22T10:00:05Z"/>'
        '<delay xmlns="urn:xmpp:delay" from="xmpp.example" stamp="2026-11-22T11:00:00+02:00"/>'
        '<delay xmlns="urn:xmpp:delay" stamp="yesterday"/>'
    )
    assert found.sent == 1_795_338_000  # 9 o'clock UTC
    assert found.delayed_by == {"bot@xmpp.example", "xmpp.example", ""}


SID = 'xmlns="urn:xmpp:sid:0"'


def event(inside: str = BODY, **attributes: str) -> str:
    return said(inside, **attributes).event("anna@xmpp.example", "bot@xmpp.example")


def test_a_message_has_one_name_however_it_is_delivered() -> None:
    origin = f'{BODY}<origin-id {SID} id="o1"/>'
    assert event(origin) == event(f'{origin}<stanza-id {SID} by="bot@xmpp.example" id="s9"/>')
    stanza = f'{BODY}<stanza-id {SID} by="bot@xmpp.example" id="s1"/>'
    assert event(stanza, id="m1") == event(stanza, id="m2")
    delayed = f'{BODY}<delay xmlns="urn:xmpp:delay" stamp="2026-11-22T10:00:05Z"/>'
    assert event() == event(delayed)


def test_two_messages_have_two_names() -> None:
    names = [
        event(),
        event(id="m2"),
        event("<body>Why not?</body>"),  # by an app that numbers from 1 each day
        event(f'{BODY}<origin-id {SID} id="o1"/>'),
        event(f'{BODY}<origin-id {SID} id="o2"/>'),
        event(f'{BODY}<stanza-id {SID} by="bot@xmpp.example" id="s1"/>'),
        event(f'{BODY}<stanza-id {SID} by="bot@xmpp.example" id="s2"/>'),
    ]
    assert len(set(names)) == len(names)
    assert said().event("bo@xmpp.example", "bot@xmpp.example") not in names
    # Only the server, or the room, can be trusted not to give the same name twice.
    assert event(f'{BODY}<stanza-id {SID} by="elsewhere.example" id="s1"/>') == event()


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("bot: Why?", "Why?"),
        ("Bot, why?", "why?"),
        ("@bot Why?", "Why?"),
        ("@bot: Why?", "Why?"),
        (" bot : Why?", "Why?"),
        ("@bot", ""),
        ("bot is down", None),
        ("bots: Why?", None),
        ("@both Why?", None),
        ("Ask bot: why?", None),
        ("robot: Why?", None),
    ],
)
def test_it_is_named_at_the_head_of_a_message(text: str, rest: str | None) -> None:
    found = replace(said(), text=text)
    assert found.names("bot") is (rest is not None)
    if rest is not None:
        assert found.without("bot") == rest


def test_a_mention_names_an_address() -> None:
    found = said(
        f"{BODY}"
        '<reference xmlns="urn:xmpp:reference:0" type="mention" '
        'uri="xmpp:news@rooms.xmpp.example/my%20bot?join"/>'
        '<reference xmlns="urn:xmpp:reference:0" type="data" uri="xmpp:x@y"/>'
        '<reference xmlns="urn:xmpp:reference:0" type="mention" uri="https://bot.example"/>'
    )
    assert found.mentions == {f"{ROOM}/my bot"}


@pytest.mark.parametrize(
    "inside",
    [
        '<encrypted xmlns="eu.siacs.conversations.axolotl"><payload>x</payload></encrypted>',
        '<encrypted xmlns="urn:xmpp:omemo:2"><header/><payload>x</payload></encrypted>',
        '<openpgp xmlns="urn:xmpp:openpgp:0">x</openpgp>',
        '<x xmlns="jabber:x:encrypted">x</x>',
        '<encryption xmlns="urn:xmpp:eme:0" namespace="urn:xmpp:other:0"/>',
        "<body>?OTRv23?</body>",
    ],
)
def test_an_encrypted_message_is_known_as_one(inside: str) -> None:
    assert said(inside).sealed


def test_invitations_are_read() -> None:
    direct = said('<x xmlns="jabber:x:conference" jid="news@rooms.xmpp.example" password="in"/>')
    assert direct.invitation is not None
    assert (direct.invitation.room, direct.invitation.password) == (ROOM, "in")
    mediated = said(
        '<x xmlns="http://jabber.org/protocol/muc#user"><invite from="anna@xmpp.example"/>'
        "<password>in</password></x><body>You are invited.</body>",
        **{"from": ROOM, "type": "normal"},
    )
    assert mediated.invitation == direct.invitation
    assert said('<x xmlns="jabber:x:conference" jid="no@t@room"/>' + BODY).invitation is None


def test_a_correction_tells_what_it_corrects() -> None:
    assert said(f'{BODY}<replace xmlns="urn:xmpp:message-correct:0" id="m0"/>').corrects == "m0"


def test_quotes_are_written_in_the_form_that_apps_show_as_quotes() -> None:
    first, second = Piece("quote", "Said\ntwice.", "en", n=1), Piece("source", "SVT", "en")
    assert join([first, second], write) == "> [1] “Said\n> twice.”\n— SVT"


@pytest.mark.parametrize("question", [RARE_EARTHS, TARIFFS])
def test_every_quote_is_whole_in_messages_that_no_server_refuses(question: str) -> None:
    answer = sample_bot().scripts[question].answer(question)
    messages = divide(pieces(answer, link), XmppDoor.limit, XmppDoor.style)
    told = [join(message, write) for message in messages]
    assert all(size(one) <= XmppDoor.limit and len(one.encode()) < 9_500 for one in told)
    for quote in answer.quotes:
        assert f"> [{quote.n}] " in "\n".join(told) and quote.text in "\n".join(told)


@pytest.mark.parametrize(
    ("text", "styled"),
    [
        ("It is *very* good.", True),
        ("_Correction_", True),
        ("See `rates` there", True),
        ("```\ncode", True),
        ("5 * 4 * 3 = 60 and 2*2*2 = 8", False),
        ("a_file_name and ~ 5 ~", False),
        ("https://news.example/a_b_c", False),
        ("an * that is left alone", False),
    ],
)
def test_words_that_an_app_would_take_for_markup_are_seen(text: str, styled: bool) -> None:
    assert looks_styled([Piece("quote", text, "en", n=1)]) is styled
    assert looks_styled([Piece("prose", text, "en")]) is styled


def test_prose_that_looks_like_a_quote_is_seen() -> None:
    assert looks_styled([Piece("prose", "Less is\n> more", "en")])
    assert not looks_styled([Piece("quote", "Less is\n> more", "en", n=1)])


def test_what_may_not_be_sent_is_replaced_and_nothing_else() -> None:
    assert legal("Räntan 😀\tär\n5\u00a0%\ue000") == "Räntan 😀\tär\n5\u00a0%\ue000"
    assert legal("one\ftwo\x00three\ud800four\ufffe") == "one two�three�four�"
