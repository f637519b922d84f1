"""Names of uploaded files, where they may lie, and what is said of those that fail."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from rag.types import IngestFailure
from rag.ui import uploads
from rag.ui.library_failures import named, told
from rag.ui.strings import Strings
from tests.ui.shelf import FERRY

EN, SV = Strings("en"), Strings("sv")
CORPUS = Path(__file__).parents[2] / "rag" / "corpus"


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("Räntan höjs.txt", "Räntan höjs.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ann\\news.txt", "news.txt"),
        (".hidden.txt", "hidden.txt"),
        ("a\u202egnp.\x00txt\n", "agnp.txt"),
        ("...", "file"),
        ("", "file"),
        ("x" * 400 + ".jsonl.gz", "x" * 171 + ".jsonl.gz"),
    ],
)
def test_a_name_lies_in_no_folder_and_keeps_its_letters(name: str, own: str) -> None:
    assert uploads.own_name(name) == own


def test_every_reason_that_reading_gives_is_said_in_swedish_too() -> None:
    """Each sentence in the code of the corpus, its values filled in with a number."""
    reasons = []
    for path in CORPUS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "UnusableError":
                reasons += [_text(part) for part in _sides(node.args[0])]
    assert len(reasons) > 20
    for reason in reasons:
        failure = IngestFailure("/data/uploads/a.txt", f"/data/uploads/a.txt {reason}.")
        assert told(named("a.txt", failure), "en").text == f"a.txt {reason}."
        swedish = told(named("a.txt", failure), "sv")
        assert swedish.language == "sv", reason
        assert re.match(r"a\.txt (är|har|saknar|börjar|packas|innehåller) ", swedish.text)


def test_other_sentences_lose_the_folders_too() -> None:
    clash = IngestFailure(
        "/data/uploads/a.txt",
        "/data/uploads/a.txt has an article with the id 'a', which /srv/secret/a.md has too: "
        "rename one of them.",
    )
    assert "secret" not in told(named("a.txt", clash), "en").text
    assert told(named("a.txt", clash), "sv").text == (
        "a.txt har en artikel med id 'a', som redan finns: byt namn på någon av dem."
    )
    row = IngestFailure("/d/r.jsonl:3", "/d/r.jsonl, line 3, is larger than 5,000 bytes: split it.")
    assert told(named("r.jsonl", row), "sv").text == (
        "r.jsonl, rad 3, är större än 5,000 byte: dela den."
    )
    unknown = IngestFailure("/d/a.txt", "/d/a.txt is haunted: call a priest.")
    assert told(named("a.txt", unknown), "sv") == told(named("a.txt", unknown), "en")


def test_paths_outside_the_folder_of_uploads_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.ui.library_page import _arrived

    inside = tmp_path / "gradio" / "ab12" / "a.txt"
    inside.parent.mkdir(parents=True)
    inside.write_text(FERRY)
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (tmp_path / "gradio" / "link.txt").symlink_to(secret)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    sent = [
        {"name": "a.txt", "path": str(inside), "size": 5},
        {"name": "b.txt", "path": str(secret), "size": 5},
        {"name": "c.txt", "path": str(tmp_path / "gradio" / ".." / "secret.txt"), "size": 5},
        {"name": "d.txt", "path": str(tmp_path / "gradio" / "link.txt"), "size": "x"},
        {"name": "e.txt", "path": "\0", "size": None},
        {"name": 7, "path": str(inside)},
        "nonsense",
    ]
    assert [u.path for u in _arrived(sent)] == [inside, None, None, None, None]
    assert list(_arrived({"path": "/etc/passwd"})) == []


def _sides(node: ast.expr) -> list[ast.expr]:
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr), ast.unparse(node)
    return "".join(str(v.value) if isinstance(v, ast.Constant) else "7" for v in node.values)
