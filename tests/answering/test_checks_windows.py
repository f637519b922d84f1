"""Which sentences of a long text the reader gets to see."""

from __future__ import annotations

from rag.answering.checks.case import read
from rag.answering.checks.windows import MOST_CHARS, titled, windows

FILLER = [
    f"The weather on day {i} was {'mild' if i % 2 else 'cold'} in the hills." for i in range(40)
]
SAID = "Karin Berg leads the bank."
LATER = "The bank of Lund cut its rate in June."


def article(*, title: str = "") -> str:
    text = " ".join([SAID, *FILLER, LATER])
    return f"{title}\n{text}" if title else text


def test_a_short_text_is_one_window() -> None:
    assert windows(read(SAID), read(f"{SAID}  {LATER}")) == [f"{SAID} {LATER}"]


def test_the_likeliest_sentences_come_first_wherever_they_stand() -> None:
    found = windows(read("Karin Berg, who leads the bank, cut the rate in June."), read(article()))
    assert 1 < len(found) <= 4
    assert SAID in found[0]
    assert LATER in found[0]
    assert all(len(window) <= MOST_CHARS for window in found)


def test_a_title_leads_every_window() -> None:
    found = windows(read("Karin Berg leads it."), read(article(title="Lund bank news")))
    assert all(window.startswith("Lund bank news: ") for window in found)
    assert titled("A sentence.\nAnother one.") == ("", "A sentence.\nAnother one.")


def test_text_that_shares_nothing_still_gives_windows() -> None:
    assert windows(read("Zebras gallop."), read(article()))
