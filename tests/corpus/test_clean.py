from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.corpus.clean import find_masks, headline

BODY = "The central bank kept its policy rate unchanged on Thursday, as most analysts had expected."


def reasons(text: str, **fields: object) -> dict[str, str]:
    return {
        line: mask.reason
        for mask in find_masks(text, **fields)  # type: ignore[arg-type]
        for line in text[mask.start : mask.end].split("\n")
        if line.strip()
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Source link", "source link"),
        ("Leave a Reply", "comment form"),
        ("Your email address will not be published. Required fields are marked *", "comment form"),
        ("READ MORE", "link to more"),
        ("Läs även: Räntan höjs igen", "link to more"),
        ("Hör mer om hur Kina har begränsat exporten i klippet ovan.", "link to more"),
        ("By Jane Doe, BBC News", "byline"),
        ("Av Anna Berg", "byline"),
        ("− Marina Pitofsky", "byline"),
        ("Reporting by Jane Doe and John Roe; editing by Kim Lee", "byline"),
        ("Published 6 June 2025", "date line"),
        ("Publicerad 23 april 2025 kl. 10.30", "date line"),
        ("Updated June 24, 2025, 3:58 p.m. ET", "date line"),
        ("Advertisement", "advert"),
        ("ANNONS", "advert"),
        ("Share this article", "share line"),
        ("Facebook | Twitter | WhatsApp", "share line"),
        ("Follow Jane Doe on Twitter @jane", "follow line"),
        ("Sign up for our morning newsletter.", "newsletter"),
        ("We use cookies to improve your experience.", "cookie notice"),
        ("Foto: Anna Berg/TT", "photo credit"),
        ("A flood in Dresden on Monday. Jens Meyer/AP", "photo caption"),
        ("(This story was updated to add new information.)", "editor's note"),
        ("© 2025 The Paper. All rights reserved.", "rights notice"),
        ("* * *", "ornament"),
    ],
)
def test_furniture_is_masked_within_an_article(line: str, reason: str) -> None:
    assert reasons(f"{BODY}\n\n{line}\n\n{BODY}") == {line: reason}


@pytest.mark.parametrize(
    "line",
    [
        "From Monday, masks are required in all shops.",
        "By Monday, prices had doubled.",
        "Reporting by human rights groups shows that the camp was empty.",
        "The file was published by Wikileaks in 2010.",
        "Published in 2010, it sold three million copies in 40 countries.",
        "Video by the group shows masked men firing rifles.",
        "Subscribers fell by 5 per cent.",
        "Read the statement carefully, he said.",
        "Share prices fell on Friday.",
        "See whether it works, she said.",
        "Läs- och skrivsvårigheter ökar i skolan.",
        "A court ruled that the book may not be published before March.",
        "Amazon cut its affiliate commission rates in April.",
        "– Xi Jinping är riskobenägen och vill inte tappa ansiktet",
        "“We will fight to the end.” – Chinese officials",
        "Trump announced the deal on Truth Social and called it very positive for both of them",
    ],
)
def test_body_sentences_stay(line: str) -> None:
    assert reasons(f"{BODY}\n{line}\n{BODY}") == {}


def test_title_its_double_and_subheads() -> None:
    text = f"Bank Holds Rate\n\nBank Holds Rate\n\n{BODY}\n\nReaktioner i Kina\n{BODY}"
    masks = find_masks(text)
    assert [(text[m.start : m.end], m.reason) for m in masks] == [
        ("Bank Holds Rate", "title"),
        ("Bank Holds Rate", "repeated headline"),
        ("Reaktioner i Kina", "heading"),
    ]
    assert headline(text, masks) == "Bank Holds Rate"


def test_a_dateline_on_lines_of_its_own_and_before_the_first_sentence() -> None:
    assert reasons(f"Hong Kong\nCNN\n\n{BODY}") == {"Hong Kong": "dateline", "CNN": "dateline"}
    for prefix in ("WASHINGTON – ", "STOCKHOLM (TT) — ", "Islamabad, Pakistan (AP) - "):
        text = prefix + BODY
        mask = find_masks(text)[0]
        assert (text[: mask.end], mask.reason) == (prefix, "dateline")
    assert find_masks("NATO – the alliance of 32 states – met in The Hague on Tuesday.") == ()


def test_the_list_after_related_posts_goes_with_it_but_body_text_does_not() -> None:
    listed = f"{BODY}\nRelated posts\nOil falls again\nGold at a record"
    assert reasons(listed) == {
        "Related posts": "related articles",
        "Oil falls again": "related articles",
        "Gold at a record": "related articles",
    }
    assert reasons(f"{BODY}\nREAD MORE\n{BODY}") == {"READ MORE": "link to more"}


def test_a_subhead_that_asks_is_a_heading_and_a_question_in_the_body_is_not() -> None:
    assert reasons(f"{BODY}\n\nWhat happens next?\n\n{BODY}") == {"What happens next?": "heading"}
    assert reasons(f"{BODY}\n\n“What happens next?”\n\n{BODY}") == {}
    assert reasons(f"{BODY} What happens next?\n\n{BODY}") == {}


def test_list_items_and_verse_are_no_headings() -> None:
    assert reasons(f"{BODY}\nTwo eggs\nOne onion\nSome salt\n{BODY}") == {}
    assert find_masks("Roses are red\nViolets are blue\nSugar is sweet\nAnd so are you") == ()


def test_markdown_syntax() -> None:
    text = (
        f"---\ntitle: T\n---\n\n# Headline\n\n{BODY}\n\n![x](y.png)\n\n```\ncode. Here\n```\n\n"
        f"## Sub\n\n{BODY}\n"
    )
    assert reasons(text, media="md") == {
        "---": "front matter",
        "title: T": "front matter",
        "# Headline": "heading",
        "![x](y.png)": "markup",
        "```": "code",
        "code. Here": "code",
        "## Sub": "heading",
    }
    assert headline(text, find_masks(text, media="md")) == "Headline"


_LINES = st.lists(
    st.sampled_from(
        ["", BODY, "Tags", "READ MORE", "By Jane Doe", "Some heading", "CNN", "---", "# x", "```",
         "Related posts", "* * *", "Published 6 June 2025", "– Hej.", "\u200b", "WASHINGTON – A b."]
    )
    | st.text(max_size=40),
    max_size=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_LINES, st.sampled_from(["txt", "md"]))
def test_masks_are_ordered_disjoint_and_never_blank(lines: list[str], media: str) -> None:
    text = "\n".join(lines)
    at = 0
    for mask in find_masks(text, media=media):  # type: ignore[arg-type]
        assert at <= mask.start < mask.end <= len(text)
        assert text[mask.start : mask.end].strip()
        assert mask.reason
        at = mask.end
