from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rag.corpus.load import RawArticle, load_all
from rag.corpus.manifest import load_manifests
from rag.errors import InputError, SettingsError
from rag.types import Published
from tests.corpus.conftest import SEEDS


def write(folder: Path, text: str) -> Path:
    (folder / "a.txt").write_text("Some text.")
    (folder / "manifest.yaml").write_text(text, encoding="utf-8")
    return folder


def raw(path: Path) -> RawArticle:
    return RawArticle(path.stem, "Some text.", str(path), str(path), "txt")


def test_all_fields_are_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        "articles:\n  a:\n    title: T\n    outlet: O\n    url: https://x.se/1\n    language: sv\n"
        "    published: 2025-04-23\n    published_is: inferred\n    published_reason: because\n"
        "    authors: [X, Y]\n",
    )
    said = load_manifests([str(tmp_path)]).override(raw(tmp_path / "a.txt"))
    assert said is not None
    assert (said.title, said.outlet, said.url, said.language) == ("T", "O", "https://x.se/1", "sv")
    assert said.published == Published(date(2025, 4, 23), "inferred", "because")
    assert said.authors == ("X", "Y")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("articles:\n  a:\n    titel: T\n", 3, "'titel'"),
        ("artikles:\n  a: {}\n", 1, "'artikles'"),
        ("articles:\n  a: {}\n  a: {}\n", 3, "twice"),
        ("articles:\n  a:\n    published: yesterday\n", 3, "'yesterday'"),
        ("articles:\n  a:\n    published: 2025-13-45\n", 3, "2025-13-45"),
        ("articles:\n  a:\n    published_is: guessed\n", 3, "'guessed'"),
        ("articles:\n  a:\n    published_reason: x\n", 3, "without"),
        ("articles:\n  a:\n    language: swedish\n", 3, "'swedish'"),
        ("articles:\n  a:\n    title: [x]\n", 3, "title"),
        ("articles:\n  - a\n", 2, "key: value"),
        ("articles:\n  a: {\n", 3, "not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SettingsError) as error:
        load_manifests([str(tmp_path)])
    assert f"manifest.yaml, line {line}," in str(error.value)
    assert says in str(error.value)


def test_an_entry_without_its_article_is_named(tmp_path: Path) -> None:
    manifest = load_manifests([str(write(tmp_path, "articles:\n  a: {}\n  gone: {}\n"))])
    (sentence,) = manifest.unmatched
    assert "line 3" in sentence
    assert "'gone'" in sentence
    with pytest.raises(InputError, match="gone"):
        manifest.require_all()
    (tmp_path / "rows.jsonl").write_text("{}")
    assert manifest.unmatched == ()


def test_the_nearest_manifest_speaks_and_only_below_its_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path, "articles:\n  a: {title: upper}\n")
    write(tmp_path / "sub", "articles:\n  a: {title: lower}\n")
    manifest = load_manifests([str(tmp_path)])
    titles = [
        said.title if (said := manifest.override(raw(path))) else None
        for path in (tmp_path / "a.txt", tmp_path / "sub/a.txt", tmp_path.parent / "a.txt")
    ]
    assert titles == ["upper", "lower", None]


def test_a_manifest_above_counts_but_another_programs_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "sub" / "deeper"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("Some text.")
    (tmp_path / "manifest.yaml").write_text("articles:\n  a: {title: above}\n")
    for given in (folder, folder / "a.txt", folder / "*.txt"):
        said = load_manifests([str(given)]).override(raw(folder / "a.txt"))
        assert said is not None
        assert said.title == "above"
    (tmp_path / "manifest.yaml").write_text("apiVersion: v1\nkind: Pod\n")
    assert load_manifests([str(folder)]).files == ()


def test_the_seeds_manifest_is_complete_and_every_date_has_its_reason() -> None:
    manifest = load_manifests([str(SEEDS)])
    manifest.require_all()
    articles = [item for item in load_all([str(SEEDS)], 10**7) if isinstance(item, RawArticle)]
    assert len(articles) == 5
    for article in articles:
        said = manifest.override(article)
        assert said is not None
        assert said.published is not None
        assert said.published.how == "inferred"
        assert len(said.published.reason or "") > 60
