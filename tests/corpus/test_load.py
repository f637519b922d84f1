from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from rag.corpus.load import RawArticle, discover, load_all, load_file
from rag.types import IngestFailure

MAX = 1_000_000
SWEDISH = "På tisdagen sänktes räntan. Läget är osäkert.\n"


def one(path: Path) -> RawArticle | IngestFailure:
    (item,) = load_file(path, MAX)
    return item


def text_of(path: Path) -> str:
    item = one(path)
    assert isinstance(item, RawArticle), item
    return item.text


def problem(path: Path) -> str:
    item = one(path)
    assert isinstance(item, IngestFailure), item
    assert item.error.startswith(str(path))
    assert item.error.endswith(".")
    assert "\n" not in item.error
    return item.error


@pytest.mark.parametrize(
    "data",
    [
        SWEDISH.encode(),
        b"\xef\xbb\xbf" + SWEDISH.encode(),
        SWEDISH.encode("utf-16"),
        SWEDISH.encode("utf-16-be"),
        SWEDISH.encode("utf-32"),
        SWEDISH.encode("latin-1"),
        SWEDISH.encode("cp1252"),
        SWEDISH.replace("\n", "\r\n").encode(),
        SWEDISH.replace("\n", "\r").encode(),
    ],
)
def test_every_encoding_gives_the_same_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert text_of(path) == SWEDISH


def test_text_is_otherwise_untouched(tmp_path: Path) -> None:
    text = "  A\u200bB\t \n\n\n\u202bقال الرئيس\u202c  \n e\u0301\n\n"
    path = tmp_path / "a.b.txt"
    path.write_text(text, encoding="utf-8")
    item = one(path)
    assert isinstance(item, RawArticle)
    assert (item.id, item.text, item.source, item.media) == ("a.b", text, str(path), "txt")


def test_one_broken_byte_does_not_turn_utf8_into_latin1(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes((SWEDISH * 5).encode() + b"\xff")
    assert text_of(path) == SWEDISH * 5 + "\ufffd"


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.txt", b"", "is empty"),
        ("a.txt", " \n\u200b".encode(), "is empty"),
        ("a.txt", b"hello\x00world", "NUL bytes"),
        ("a.txt", bytes(range(1, 32)) * 40 + b"\x81\x8d\xff", "UTF-8 text"),
        ("a.pdf", b"%PDF-1.4 nonsense", "not a readable PDF"),
        ("a.docx", b"PK\x03\x04nonsense", "not a readable Word document"),
        ("a.html", b"<html><body></body></html>", "no article text"),
    ],
)
def test_what_cannot_be_read_is_one_clear_sentence(
    tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert says in problem(path)


def test_pdf_text_and_a_pdf_without_any(tmp_path: Path) -> None:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_page()
    pdf.output(str(tmp_path / "scan.pdf"))
    assert "no text" in problem(tmp_path / "scan.pdf")
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    sentence = "The central bank raised its policy rate on Thursday by a quarter of a point. "
    pdf.multi_cell(0, 6, (sentence * 4).strip() + "\n\n" + (sentence * 3).strip())
    pdf.output(str(tmp_path / "ok.pdf"))
    assert text_of(tmp_path / "ok.pdf").split("\n") == [
        (sentence * 4).strip(),
        (sentence * 3).strip(),
    ]


def test_docx_paragraphs_and_tables_in_order(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_paragraph("Riksbanken höjer räntan.")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Ränta", "2 procent"
    document.add_paragraph("Det sade chefen.")
    document.save(str(tmp_path / "a.docx"))
    assert text_of(tmp_path / "a.docx") == (
        "Riksbanken höjer räntan.\nRänta | 2 procent\nDet sade chefen."
    )


def test_html_article_with_its_metadata(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    body = "Riksbanken höjer räntan till 2 procent, meddelar banken på onsdagen. Det var väntat."
    path.write_text(
        '<html lang="sv"><head><meta charset="utf-8"><title>Räntan höjs</title>'
        '<meta property="og:site_name" content="SVT Nyheter">'
        '<meta property="article:published_time" content="2025-04-23T10:00:00Z"></head>'
        f"<body><nav>Hem Sport</nav><article><h1>Räntan höjs</h1><p>{body}</p><p>{body}</p>"
        "</article></body></html>",
        encoding="utf-8",
    )
    item = one(path)
    assert isinstance(item, RawArticle)
    assert (item.title, item.outlet, item.published.how) == ("Räntan höjs", "SVT Nyheter", "stated")
    assert str(item.published.on) == "2025-04-23"
    assert body in item.text
    assert "Hem Sport" not in item.text


def test_markdown_keeps_its_text_and_reads_front_matter(tmp_path: Path) -> None:
    text = "---\ntitle: Hello\ndate: 2025-06-01\nauthor: Jo Doe\n---\n\n# Hello\n\nIt is *so*.\n"
    path = tmp_path / "a.md"
    path.write_text(text, encoding="utf-8")
    item = one(path)
    assert isinstance(item, RawArticle)
    assert (item.text, item.title, item.authors) == (text, "Hello", ("Jo Doe",))
    assert str(item.published.on) == "2025-06-01"


ROWS = [
    {"id": "a", "text": "One.", "url": "https://www.x.com/1", "publish_date": "2025/06/05"},
    {
        "id": 7,
        "text": "Two \ud83d\r\n",
        "source": "SVT",
        "language": "sv-SE",
        "authors": ["A", None],
    },
]


def test_rows_become_articles(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, ROWS)).encode()))
    first, second = load_file(path, MAX)
    assert isinstance(first, RawArticle)
    assert isinstance(second, RawArticle)
    assert (first.id, first.source, first.outlet) == ("a", "https://www.x.com/1", "x.com")
    assert (str(first.published.on), first.published.how) == ("2025-06-05", "stated")
    assert (second.id, second.text, second.source) == ("7", "Two \ufffd\n", str(path))
    assert (second.outlet, second.language, second.authors) == ("SVT", "sv", ("A",))


def test_broken_rows_are_named_by_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    lines = [
        b'{"id":"a","text":"Fine."}', b"not json", b'{"id":"b"}', b'{"text":"x"}', b"[1]", b"",
        b'{"id":"a","text":"Again."}', b'{"id":"c","text":" "}', b"\xff",
        b'{"id":"d","text":"\\u0000"}',
        b'{"id":"big","text":"' + b"x" * MAX + b'"}', b'{"id":"z","text":"Last."}',
    ]  # fmt: skip
    path.write_bytes(b"\n".join(lines))
    items = list(load_file(path, MAX))
    assert [i.id for i in items if isinstance(i, RawArticle)] == ["a", "z"]
    failures = [i for i in items if isinstance(i, IngestFailure)]
    assert [f.path for f in failures] == [f"{path}:{n}" for n in (2, 3, 4, 5, 7, 8, 9, 10, 11)]
    assert "line 1" in failures[4].error


@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_a_cut_off_gzip_keeps_the_rows_before_the_damage(tmp_path: Path, cut: float) -> None:
    rows = [json.dumps({"id": f"r{i}", "text": os.urandom(40).hex()}) for i in range(500)]
    data = gzip.compress("\n".join(rows).encode())
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(data[: int(len(data) * cut)])
    *articles, failure = load_file(path, MAX)
    assert isinstance(failure, IngestFailure)
    assert "not a whole gzip file" in failure.error
    assert [a.id for a in articles if isinstance(a, RawArticle)] == [
        f"r{i}" for i in range(len(articles))
    ]
    assert len(articles) > 100


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "b.txt",
        "sub/a.md",
        "sub/.hidden.txt",
        ".git/c.txt",
        "sub/x.zip",
        "manifest.yaml",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("Some text.")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    return tmp_path


def names(paths: list[str], root: Path, max_bytes: int = MAX) -> list[str]:
    return [
        str(f.relative_to(root)) if isinstance(f, Path) else f.error
        for f in discover(paths, max_bytes)
    ]


def test_folders_are_walked_without_hidden_unknown_or_circular_ones(tree: Path) -> None:
    assert names([str(tree)], tree) == ["b.txt", "sub/a.md"]


def test_globs_and_repeated_paths_give_each_file_once(tree: Path) -> None:
    given = [
        str(tree / "*"),
        str(tree / "**" / "*.md"),
        str(tree / "b.txt"),
        str(tree / "manifest.yaml"),
    ]
    assert names(given, tree) == ["b.txt", "sub/a.md"]


def test_paths_that_lead_nowhere_are_failures(tree: Path) -> None:
    (tree / "dead.txt").symlink_to("nowhere")
    (tree / "self.txt").symlink_to("self.txt")
    given = [
        tree / "gone.txt",
        tree / "*.qq",
        tree / "sub/x.zip",
        tree / "dead.txt",
        tree / "self.txt",
    ]
    says = [
        "does not exist",
        "matches no file",
        "ending that is not read",
        "leads nowhere",
        "cannot",
    ]
    for error, words in zip(names([str(g) for g in given], tree), says, strict=True):
        assert words in error


def test_a_file_over_the_limit_is_named_with_both_sizes(tree: Path) -> None:
    (tree / "big.txt").write_bytes(b"x" * 3_000_000)
    (error,) = names([str(tree / "big.txt")], tree, 2_000_000)
    assert "3 MB" in error
    assert "2 MB" in error


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(tree: Path) -> None:
    (tree / "b.txt").chmod(0)
    assert "may not be read" in problem(tree / "b.txt")


def test_an_unreadable_file_is_a_sentence(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert "may not be read" in problem(tree / "b.txt")


def test_two_files_of_one_id(tree: Path) -> None:
    (tree / "sub" / "b.md").write_text("Another text.")
    items = list(load_all([str(tree)], MAX))
    failures = [i for i in items if isinstance(i, IngestFailure)]
    assert [i.id for i in items if isinstance(i, RawArticle)] == ["b", "a"]
    assert [f.path for f in failures] == [str(tree / "sub" / "b.md")]
    assert str(tree / "b.txt") in failures[0].error
