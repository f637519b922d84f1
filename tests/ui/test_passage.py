from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.types import Mask, Span
from rag.ui.passage import Paragraph, paragraphs


def _kinds(cut: list[Paragraph]) -> list[list[tuple[str, str]]]:
    return [[(piece.kind, piece.text) for piece in paragraph] for paragraph in cut]


def test_the_quote_is_one_piece_among_its_neighbours() -> None:
    text = "Head\n\nOne. Two. Three.\n\nEnd."
    cut = paragraphs(text, Span(11, 15), [Span(6, 10), Span(16, 22)], [Mask(0, 4, "headline")])
    assert _kinds(cut) == [
        [("masked", "Head")],
        [
            ("other", "One."),
            ("plain", " "),
            ("current", "Two."),
            ("plain", " "),
            ("other", "Three."),
        ],
        [("plain", "End.")],
    ]


def test_the_quote_wins_where_ranges_overlap() -> None:
    cut = paragraphs("abcdef", Span(2, 4), [Span(1, 5)], [Mask(0, 6, "all")])
    assert _kinds(cut) == [
        [("masked", "a"), ("other", "b"), ("current", "cd"), ("other", "e"), ("masked", "f")]
    ]


def test_lines_wrapped_by_hand_stay_in_their_paragraph() -> None:
    text = "A first line of a paragraph\nand its second line.\n\nAnother paragraph\nof two.\n"
    assert len(paragraphs(text, None)) == 2


def test_one_line_a_paragraph_is_read_as_such() -> None:
    long = "word " * 40
    assert len(paragraphs(f"{long}\n{long}\nShort\n{long}", None)) == 4


@st.composite
def _articles(draw: st.DrawFn) -> tuple[str, Span | None, list[Span], list[Mask]]:
    text = draw(st.text(alphabet=st.sampled_from("ab \n\u200bé😀<"), max_size=80))

    def span() -> Span:
        a, b = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        return Span(a, b)

    current = span() if draw(st.booleans()) else None
    others = [span() for _ in range(draw(st.integers(0, 3)))]
    masks = [Mask(s.start, s.end, "why") for s in (span() for _ in range(draw(st.integers(0, 2))))]
    return text, current, others, masks


@given(_articles())
def test_no_character_is_lost_and_the_quote_is_exact(
    drawn: tuple[str, Span | None, list[Span], list[Mask]],
) -> None:
    text, current, others, masks = drawn
    cut = paragraphs(text, current, others, masks)
    shown = "".join(piece.text for paragraph in cut for piece in paragraph)
    assert "".join(shown.split()) == "".join(text.split())
    quoted = [piece.text for paragraph in cut for piece in paragraph if piece.kind == "current"]
    assert quoted == ([current.slice(text)] if current is not None and len(current) else [])


def test_a_long_article_is_cut_whole() -> None:
    text = "\n\n".join(f"Sentence {i} stands here." for i in range(20_000))
    at = text.index("Sentence 15000 ")
    cut = paragraphs(text, Span(at, at + 14))
    assert len(cut) == 20_000
    assert cut[15_000][0].text == "Sentence 15000"
