from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml

from eval.case_schema import SCHEMA_FILE, schema_text
from eval.cases import CaseFileError, Suite, corpus_texts, find_case_file, hard, load_suite
from eval.matching import found, normalise
from rag.errors import SettingsError

GOOD = """\
corpus: corpus
articles:
  mill: {id: mill, language: en}
  sjo: {id: sjo, language: sv}
cases:
  - id: one
    question: "How much?"
    language: en
    kind: fact
    split: dev
    evidence:
      - - {article: sjo, text: "Sjön är djup."}
    accept:
      - ["djup*", "deep"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "mill.txt").write_bytes(b"It made flour.\r\nIt closed. It closed.")
    (tmp_path / "corpus" / "sjo.txt").write_text("Sjön är djup. Isen höll.", "utf-8")
    return tmp_path / "cases.yaml"


def load(file: Path, text: str) -> Suite:
    file.write_text(text, "utf-8")
    return load_suite(file)


def test_a_good_file_is_resolved(file: Path) -> None:
    (one,) = load(file, GOOD).cases
    (excerpt,) = one.groups[0]
    assert (excerpt.article_id, excerpt.start, excerpt.end) == ("sjo", 0, 13)
    assert one.direction == "en->sv"


def test_newlines_are_normalised_as_on_ingest(file: Path) -> None:
    assert corpus_texts(file.parent / "corpus")["mill"] == "It made flour.\nIt closed. It closed."


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("    kind: fact", "    kind: fact\n    colour: red", 10, "colour: there is no such field"),
        ("    kind: fact\n", "", 6, "kind: this field is required"),
        ("    split: dev", "    split: train", 10, "'dev' or 'test'"),
        ("    split: dev", "    split: dev\n    split: test", 11, "`split` is given twice"),
        ("    language: en\n    kind", "    language: no\n    kind", 8, "language"),
        ('djup."', 'djup!"', 12, "does not occur in sjo"),
        ('sjo, text: "Sjön är djup."', 'mill, text: "It closed."', 12, "occurs 2 times"),
        ("article: sjo,", "article: lake,", 12, "`lake` is not among"),
        ("id: mill", "id: factory", 3, "no article factory"),
        ('["djup*", "deep"]', "[]", 6, "is empty"),
        ('["djup*", "deep"]', '["re:("]', 6, "not a valid regular expression"),
        ('    accept:\n      - ["djup*", "deep"]\n', "", 6, "nothing that the answer must hold"),
        ("    split: dev", "    split: dev\n    refuse: true", 6, "has no evidence"),
        ("    split: dev", "    split: dev\n    refuse: maybe", 11, "refuse"),
        ("corpus: corpus", "corpus: [", 1, "not valid YAML"),
    ],
)
def test_each_fault_is_named_with_its_line(
    file: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in GOOD
    with pytest.raises(CaseFileError) as error:
        load(file, GOOD.replace(old, new, 1))
    first = str(error.value).splitlines()[0]
    if "YAML" not in says:
        assert f"{file}:{line}: " in first
    assert says in first


def test_all_faults_are_named_at_once(file: Path) -> None:
    broken = GOOD.replace("    kind: fact\n", "    colour: red\n").replace("split: dev", "split: x")
    with pytest.raises(CaseFileError) as error:
        load(file, broken)
    assert len(str(error.value).splitlines()) == 3


def test_an_id_is_used_once(file: Path) -> None:
    again = GOOD[GOOD.index("  - id") :]
    with pytest.raises(CaseFileError, match="one is already used on line 6"):
        load(file, GOOD + again)


@pytest.mark.parametrize("text", ["", "[]", "3"])
def test_a_file_that_is_no_case_file_is_refused(file: Path, text: str) -> None:
    with pytest.raises(CaseFileError, match=r"cases\.yaml"):
        load(file, text)


def test_without_corpus_the_store_gives_the_articles(file: Path) -> None:
    file.write_text(GOOD.replace("corpus: corpus\n", ""), "utf-8")
    texts = {"mill": "x", "sjo": "Sjön är djup."}
    assert load_suite(file, texts.get).cases[0].groups[0][0].end == 13
    with pytest.raises(CaseFileError, match="--data DIR"):
        load_suite(file)


def rows(*cases: dict[str, object], head: dict[str, object] | None = None) -> str:
    head = {"corpus": "corpus"} if head is None else head
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in (head, *cases)) + "\n"


ROW: dict[str, object] = {
    "id": "one",
    "question": "Hur djup är sjön?",
    "language": "sv",
    "kind": "fact",
    "evidence": [[{"article": "sjo", "text": "Sjön är djup."}]],
    "accept": [["djup*"]],
}


def load_rows(file: Path, text: str) -> Suite:
    return load(file.with_suffix(".jsonl"), text)


def test_rows_are_cases_and_full_ids_need_no_short_names(file: Path) -> None:
    more = ROW | {
        "as_of": "2024-05-01",
        "history": [{"role": "user", "content": "Vilken sjö?"}],
        "review": "unreviewed",
        "tags": ["hard"],
        "reference": "Den är djup.",
        "attribution": ["SMHI"],
    }
    (one,) = load_rows(file, rows(more)).cases
    assert (one.case.split, one.case.as_of) == ("test", date(2024, 5, 1))
    assert one.direction == "sv->sv"  # told from the article's own words
    assert one.articles == ("sjo",)
    assert hard(one)


def test_rows_without_a_head_take_their_articles_from_the_store(file: Path) -> None:
    path = file.with_suffix(".jsonl")
    path.write_text(json.dumps(ROW), "utf-8")
    assert load_suite(path, {"sjo": "Sjön är djup."}.get).cases[0].case.id == "one"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (rows(ROW, ROW), 3, "already used on line 2"),
        (rows(ROW) + "{", 3, "not valid JSON"),
        (rows(ROW) + "[]", 3, "must be a JSON object"),
        (rows(ROW) + '{"id": "two", "id": "three"}', 3, "`id` is given twice"),
        (rows(ROW, ROW | {"colour": "red"}), 3, "no such field"),
        (rows(ROW, ROW | {"as_of": "May"}), 3, "as_of"),
        (rows(ROW, ROW | {"history": [{"role": "system", "content": "x"}]}), 3, "role"),
        (rows(ROW | {"conflict": True}), 2, "two groups"),
        (rows(ROW | {"attribution": ["re:("]}), 2, "not a valid regular expression"),
    ],
)
def test_each_fault_of_a_row_is_named_with_its_line(
    file: Path, text: str, line: int, says: str
) -> None:
    with pytest.raises(CaseFileError) as error:
        load_rows(file, text)
    first = str(error.value).splitlines()[0]
    assert f"cases.jsonl:{line}: " in first and says in first


def test_a_line_separator_within_a_text_ends_no_row(file: Path) -> None:
    odd = ROW | {"question": "Hur\u2028djup?"}
    assert load_rows(file, rows(odd)).cases[0].case.question == "Hur\u2028djup?"


def test_the_store_goes_before_the_files_own_corpus(file: Path) -> None:
    file.write_text(GOOD, "utf-8")
    with pytest.raises(CaseFileError, match="no article mill"):
        load_suite(file, {"sjo": "Sjön är djup."}.get)


def test_unreviewed_cases_can_be_left_out(file: Path) -> None:
    suite = load_rows(file, rows(ROW, ROW | {"id": "two", "review": "unreviewed"}))
    assert len(suite.select()) == 2
    assert [g.case.id for g in suite.select(unreviewed=False)] == ["one"]


def test_the_file_tells_outlets_and_disputes(file: Path) -> None:
    text = GOOD.replace("id: sjo, language: sv", "id: sjo, language: sv, outlet: SMHI").replace(
        '      - - {article: sjo, text: "Sjön är djup."}',
        '      - - {article: sjo, text: "Sjön är djup."}\n'
        '      - - {article: sjo, text: "Isen höll."}\n    conflict: true',
    )
    (one,) = load(file, text).cases
    assert one.outlets == {"sjo": "SMHI"}
    assert one.disputes == (one.groups,)


def test_the_published_schema_is_current_and_holds() -> None:
    published = SCHEMA_FILE.read_text("utf-8")
    assert published == schema_text(), "run `python -m eval case-schema --write`"
    check = jsonschema.Draft202012Validator(json.loads(published))
    for path in SCHEMA_FILE.parent.glob("*.yaml"):
        plain = json.dumps(yaml.safe_load(path.read_text("utf-8")), default=date.isoformat)
        assert not list(check.iter_errors(json.loads(plain))), path.name
    assert list(check.iter_errors({"cases": [ROW | {"colour": "red"}]}))


def test_selecting_nothing_is_an_error(file: Path) -> None:
    suite = load(file, GOOD)
    assert len(suite.select(kind="fact", split="dev")) == 1
    with pytest.raises(SettingsError, match="its kinds are fact"):
        suite.select(split="test")


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(SettingsError, match="adversarial, elsewhere, seeds"):
        find_case_file("sedes")


@pytest.fixture(params=["seeds", "seeds2", "adversarial"])
def suite(request: pytest.FixtureRequest) -> Suite:
    return load_suite(find_case_file(request.param))


def test_the_evidence_itself_holds_what_is_accepted(suite: Suite) -> None:
    """Else no answer of quotations could ever be right."""
    for gold in suite.cases:
        excerpts = [e for group in (*gold.groups, gold.also) for e in group]
        words = normalise(" ".join(e.text for e in excerpts))
        for group in gold.case.accept:
            assert any(found(form, words) for form in group), (gold.case.id, group)


def test_a_right_answer_does_not_say_what_it_must_not(suite: Suite) -> None:
    for gold in suite.cases:
        words = normalise(" ".join(e.text for group in gold.groups for e in group))
        assert not [f for f in gold.case.must_not_say if found(f, words)], gold.case.id


def test_the_halves_are_balanced(suite: Suite) -> None:
    splits = Counter(g.case.split for g in suite.cases)
    assert abs(splits["dev"] - splits["test"]) <= 2


def test_the_same_sentence_is_not_on_both_sides_of_the_split() -> None:
    """Nor is it between the two files over the same articles."""
    seen: dict[tuple[str, int], str] = {}
    files = (load_suite(find_case_file(name)) for name in ("seeds", "seeds2"))
    for gold in (gold for file in files for gold in file.cases):
        for first in (g[0] for g in gold.groups[:1]):
            split = seen.setdefault((first.article_id, first.start), gold.case.split)
            assert split == gold.case.split, gold.case.id


def test_the_seeds_cases_are_what_they_are_said_to_be() -> None:
    cases = [g.case for g in load_suite(find_case_file("seeds")).cases]
    silent = [c for c in cases if c.refuse is True]
    swedish = sum(c.language == "sv" for c in cases) / len(cases)
    assert len(cases) >= 80
    assert len(silent) >= 20
    assert sum(c.language == "sv" for c in silent) * 2 == len(silent)
    assert 0.4 <= swedish <= 0.5


def test_half_of_the_cases_on_the_seeds_are_hard() -> None:
    names = ("seeds", "seeds2", "elsewhere")
    cases = [g for name in names for g in load_suite(find_case_file(name)).cases]
    assert len(cases) >= 150
    assert sum(hard(g) for g in cases) * 2 >= len(cases)
    # Without the near misses too, and even if nothing else were asked.
    beside = [g for g in cases if g.case.kind not in ("unanswerable", "elsewhere")]
    assert sum(hard(g) for g in beside) * 2 >= len(beside)


def test_the_misleading_cases_are_of_every_sort_in_both_languages() -> None:
    cases = [g.case for g in load_suite(find_case_file("adversarial")).cases]
    assert len(cases) >= 60
    sorts = {
        "injection", "fake_prompt", "fake_quotation", "lookalike_name", "contradiction",
        "stale_figure", "near_duplicate", "homoglyph", "forged_marks",
    }  # fmt: skip
    asked = {(c.kind, c.language) for c in cases} & {(k, x) for k in sorts for x in ("en", "sv")}
    assert len(asked) == 2 * len(sorts)
    assert {(c.kind, c.split) for c in cases} >= {(k, x) for k in sorts for x in ("dev", "test")}
    assert sum(c.conflict for c in cases) >= 8


def test_the_further_cases_are_new_and_many_of_them_silent() -> None:
    first = [g.case for g in load_suite(find_case_file("seeds")).cases]
    further = [g.case for g in load_suite(find_case_file("seeds2")).cases]
    assert not {c.id for c in first} & {c.id for c in further}
    assert not {c.question.casefold() for c in first} & {c.question.casefold() for c in further}
    for split in ("dev", "test"):
        silent = [c.language for c in further if c.refuse is True and c.split == split]
        assert len(silent) >= 20
        assert min(silent.count("en"), silent.count("sv")) >= 9


def test_a_reference_is_right_by_its_own_case(suite: Suite) -> None:
    for gold in suite.cases:
        if gold.case.reference is not None:
            words = normalise(gold.case.reference)
            missing = [g for g in gold.case.accept if not any(found(form, words) for form in g)]
            said = [form for form in gold.case.must_not_say if found(form, words)]
            assert not missing and not said, (gold.case.id, missing, said)
