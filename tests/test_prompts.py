"""Prompt files: found, checked when loaded, filled without executing what they are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import prompts
from rag.errors import PromptError
from rag.prompts import load_prompt


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(prompts, "FOLDERS", (tmp_path / "absent", tmp_path))
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "p.md").write_text(text, "utf-8")


GOOD = """{# why it is so #}
{% chat role="system" %}
Be brief.
{% endchat %}
{% chat role="user" %}
{% for line in lines %}
- {{ line }}
{% endfor %}
Q: {{ question }}
{% endchat %}
"""


def test_blocks_become_messages(folder: Path) -> None:
    write(folder, GOOD)
    assert load_prompt("p", {"lines", "question"}).render(lines=["å", "b"], question="Why?") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "- å\n- b\nQ: Why?"},
    ]


def test_template_syntax_in_a_value_is_text(folder: Path) -> None:
    write(folder, GOOD)
    value = "{{ question }}{% for %}{# x #}"
    rendered = load_prompt("p", {"lines", "question"}).render(lines=[value], question="Q")
    assert rendered[1]["content"] == f"- {value}\nQ: Q"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{% chat role="user" %}{{ line }}{% endchat %}', "lacks the placeholder {{ question }}"),
        (
            '{% chat role="user" %}{{ question }}{{ qestion }}{% endchat %}',
            "uses {{ qestion }}, which nothing fills",
        ),
        ('{% chat role="user" %}{{ question }{% endchat %}', "not valid Jinja"),
        ('{% chat role="robot" %}{{ question }}{% endchat %}', "role 'robot'"),
        ('{{ question }}{% chat role="user" %}x{% endchat %}', "nothing else"),
        ("{{ question }}", "blocks"),
    ],
)
def test_what_is_wrong_is_said_when_it_is_loaded(folder: Path, text: str, complaint: str) -> None:
    write(folder, text)
    with pytest.raises(PromptError) as caught:
        load_prompt("p", {"question"})
    assert complaint in str(caught.value)


def test_a_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(PromptError, match=r"absent_prompt\.md is missing"):
        load_prompt("absent_prompt", set())


def test_a_missing_value_is_named(folder: Path) -> None:
    write(folder, GOOD)
    with pytest.raises(PromptError, match="'question'"):
        load_prompt("p", {"lines", "question"}).render(lines=[])


@pytest.mark.parametrize(
    ("name", "placeholders"),
    [
        ("compose_en", {"evidence", "question"}),
        ("compose_sv", {"evidence", "question"}),
        ("rewrite", {"history", "question"}),
        ("json_again", {"schema", "problem"}),
    ],
)
def test_our_own_prompts_load(name: str, placeholders: set[str]) -> None:
    assert load_prompt(name, placeholders).placeholders == placeholders
