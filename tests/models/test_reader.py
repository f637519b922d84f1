from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trial
from hypothesis import strategies as st
from safetensors.numpy import save_file

from rag.errors import ModelError
from rag.models import reader as reader_module
from rag.models import reader_trained
from rag.models.embedding import Vectors, load_embedder
from rag.models.reader import Reader, load_reader
from rag.models.reader_plain import Coefficients, FeatureReader
from rag.models.reader_trained import Platt, TrainedReader
from rag.models.reader_weights import load_tuned, quantise
from rag.settings import Settings
from rag.types import Passage, Span
from tests.models.conftest import HIDDEN, LAYERS, WIDE

Make = Callable[..., Settings]


def passage(*sentences: str) -> Passage:
    spans, text = [], ""
    for sentence in sentences:
        text += " " if text else ""
        spans.append(Span(len(text), len(text) + len(sentence)))
        text += sentence
    return Passage(text, tuple(spans))


PAIRS = [(5, 6), (10, 11), (13, 17), (6, 21)]  # tokens of the tiny model
BANK = passage("the bank cut the rate.", "räntan var 2024.")


class WordEmbedder:
    """Vectors of which letters occur: texts with the same letters are close."""

    name, dimension = "letters", 26

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        rows = [[1 + t.lower().count(chr(97 + i)) for i in range(26)] for t in texts]
        vectors = np.array(rows, np.float32).reshape(-1, 26)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def embed_query(self, text: str) -> Vectors:
        return self.embed_passages([text])[0]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(t.split()) for t in texts]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A folder of random tuned weights for the tiny model."""
    rng = np.random.default_rng(1)
    at = f"encoder.layers.{LAYERS - 1}."
    tensors: dict[str, np.ndarray] = {}
    for name, rows, columns in (
        (f"{at}qkv", 3 * HIDDEN, HIDDEN),
        (f"{at}up", WIDE, HIDDEN),
        ("pool", HIDDEN, HIDDEN),
        ("weigh", HIDDEN, HIDDEN),
    ):
        q, scale = quantise(rng.normal(0, 0.3, (rows, columns)).astype(np.float32))
        tensors |= {f"{name}.weight": q, f"{name}.weight.scale": scale}
        tensors[f"{name}.bias"] = rng.normal(0, 0.1, rows).astype(np.float32)
    for name, rows in (("answer", 1), ("span", 2), ("support", 3)):
        tensors[f"{name}.weight"] = rng.normal(0, 1, (rows, HIDDEN)).astype(np.float32)
        tensors[f"{name}.bias"] = np.zeros(rows, np.float32)
    folder = tmp_path / "weights"
    folder.mkdir()
    save_file(tensors, folder / "reader.safetensors")
    return folder


@pytest.fixture(params=["features", "trained"])
def reader(request: pytest.FixtureRequest, tiny: Path, weights: Path, settings_in: Make) -> Reader:
    if request.param == "features":
        return FeatureReader(WordEmbedder())
    return TrainedReader.load(settings_in(), weights)


def test_every_reading_is_in_bounds(reader: Reader) -> None:
    passages = [BANK, passage("x"), passage("the bank " * 400 + ".", "rate.")]
    for given_, got in zip(passages, reader.read("the rate 2024?", passages), strict=True):
        assert 0 <= got.answerable <= 1
        assert 0 <= got.start <= got.end <= len(given_.text)
        assert len(got.sentence_scores) == len(given_.sentences)
        assert all(0 <= score <= 1 for score in got.sentence_scores)
        assert sum(got.sentence_scores) <= got.answerable + 1e-5


def test_readings_come_in_order_and_do_not_depend_on_company(reader: Reader) -> None:
    other = passage("räntan.", "the bank.")
    together = reader.read("the rate?", [BANK, other])
    for whole, each in zip(together, (BANK, other), strict=True):
        alone = reader.read("the rate?", [each])[0]
        assert (whole.start, whole.end) == (alone.start, alone.end)
        # Matrix products of other shapes round differently in the last places.
        assert whole.answerable == pytest.approx(alone.answerable, abs=1e-5)
        assert whole.sentence_scores == pytest.approx(alone.sentence_scores, abs=1e-5)
    assert reader.read("the rate?", []) == []


@pytest.mark.parametrize("empty", [Passage("", ()), Passage("  ", (Span(0, 2),))])
def test_an_empty_passage_does_not_answer(
    tiny: Path, weights: Path, settings_in: Make, empty: Passage
) -> None:
    got = TrainedReader.load(settings_in(), weights).read("the rate?", [empty])[0]
    assert (got.answerable, got.start, got.end) == (0.0, 0, 0)
    assert len(got.sentence_scores) == len(empty.sentences)


def test_support_is_a_probability_a_claim_and_does_not_depend_on_company(
    tiny: Path, weights: Path, settings_in: Make
) -> None:
    trained = TrainedReader.load(settings_in(), weights)
    claims = [("the rate", "the bank raised the rate."), ("räntan", "the bank."), ("", "")]
    together = trained.support(claims)
    assert together is not None and len(together) == 3
    for given_, got in zip(claims, together, strict=True):
        assert got.refuted + got.neutral + got.supported == pytest.approx(1)
        (alone,) = trained.support([given_]) or [None]
        assert alone is not None
        assert alone.supported == pytest.approx(got.supported, abs=1e-5)
    assert together[0] != together[1]
    assert trained.support([]) == []


def test_a_temperature_makes_support_less_sure(
    tiny: Path, weights: Path, settings_in: Make
) -> None:
    claim = [("the rate", "the bank raised the rate.")]
    plain = TrainedReader.load(settings_in(), weights).support(claim)
    platt = {"answer": 1, "margin": 0, "bias": 0}
    fitted = {"platt": platt, "support": {"temperature": 4}}
    (weights / "reader.json").write_text(json.dumps(fitted))
    cooler = TrainedReader.load(settings_in(), weights).support(claim)
    assert plain is not None and cooler is not None
    spread = [max(s.refuted, s.neutral, s.supported) for s in (*plain, *cooler)]
    assert 1 / 3 < spread[1] < spread[0]


def test_the_feature_reader_cannot_tell_support() -> None:
    assert FeatureReader(WordEmbedder()).support([("a", "b")]) is None


def test_a_title_is_read_but_never_answers(tiny: Path, weights: Path, settings_in: Make) -> None:
    trained = TrainedReader.load(settings_in(), weights)
    titled = replace(BANK, title="the rate\n2024")
    got, plain = trained.read("the rate?", [titled, BANK])
    assert got.answerable != plain.answerable
    assert 0 <= got.start < got.end <= len(BANK.text)
    assert len(got.sentence_scores) == len(BANK.sentences)


def test_an_empty_question_still_gets_readings(reader: Reader) -> None:
    assert len(reader.read("", [BANK])) == 1


@trial(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(sentences=st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=4))
def test_spans_hold_for_any_text(
    tiny: Path, weights: Path, settings_in: Make, sentences: list[str]
) -> None:
    trained = TrainedReader.load(settings_in(), weights)
    asked = passage(*sentences)
    got = trained.read("the rate?", [asked])[0]
    said = asked.text[got.start : got.end]
    assert said == said.strip()


def test_features_prefer_the_passage_and_sentence_that_share_words() -> None:
    reader = FeatureReader(WordEmbedder())
    right = passage("It rained in Lund.", "Erik Thedéen cut the policy rate in May.")
    wrong = passage("It rained in Lund.", "Nobody swims in quarries.")
    first, second = reader.read("When did Erik Thedéen cut the policy rate?", [right, wrong])
    assert first.answerable > second.answerable
    assert first.sentence_scores[1] > first.sentence_scores[0]
    assert right.text[first.start : first.end] == "Erik Thedéen cut the policy rate in May."


def test_platt_raises_the_probability_with_either_judgement() -> None:
    platt = Platt(answer=1.0, margin=0.5, bias=-1.0)
    assert platt(1.0, 0.0) == pytest.approx(0.5)
    assert platt(2.0, 0.0) > platt(1.0, 0.0) > platt(1.0, -1.0)
    assert 0 < platt(-1e9, -1e9) < platt(1e9, 1e9) <= 1


def test_best_span_is_ordered_and_at_most_thirty_tokens() -> None:
    tokens = np.zeros((60, 2), np.float32)
    tokens[40, 0] = tokens[5, 1] = tokens[59, 1] = 5  # an end before its start does not count
    assert reader_trained._best_span(tokens, np.array([1.0, 1.0], np.float32)) == (40, 59, 8.0)
    tokens[0, 0] = 6  # the best start, but 59 is too far from it
    assert reader_trained._best_span(tokens, np.zeros(2, np.float32))[:2] == (0, 5)


@given(st.integers(1, 5), st.integers(1, 9), st.integers(0, 99))
def test_quantised_weights_are_within_half_a_step(rows: int, columns: int, seed: int) -> None:
    weight = np.random.default_rng(seed).normal(0, 1, (rows, columns)).astype(np.float32)
    q, scale = quantise(weight)
    assert np.abs(q * scale[:, None] - weight).max() <= scale.max() * 0.5001


def test_tuned_weights_come_back(weights: Path) -> None:
    tuned = load_tuned(weights / "reader.safetensors")
    assert tuned["pool.weight"].shape == (HIDDEN, HIDDEN)
    assert tuned["pool.weight"].dtype == np.float32
    assert not [name for name in tuned if name.endswith(".scale")]


def test_the_graph_computes_what_the_network_was_trained_as(
    tiny: Path, weights: Path, settings_in: Make
) -> None:
    torch = pytest.importorskip("torch")
    from rag.models.e5 import unpacked
    from rag.models.encoder import load_encoder
    from rag.models.reader_net import ReaderNet
    from rag.models.runtime import Graph

    folder = unpacked(settings_in().cache)
    net = ReaderNet(load_encoder(folder), HIDDEN)
    tuned = load_tuned(weights / "reader.safetensors")
    missing = net.load_state_dict({k: torch.tensor(v) for k, v in tuned.items()}, strict=False)
    assert missing.unexpected_keys == []
    row = [0, 5, 8, 2, 2, 6, 7, 12, 20, 9, 2]
    inside = torch.zeros((1, len(row)), dtype=torch.bool)
    inside[0, 6:10] = True
    with torch.inference_mode():
        answer, start, end = net(torch.tensor([row]), None, inside)
        support = net.judge(torch.tensor([row]), None)
    path = reader_trained.graph_file(folder, weights / "reader.safetensors", int8=False)
    (said, spans, weighed), _ = Graph(folder, path, 1).run([row])
    np.testing.assert_allclose(weighed, support.numpy(), atol=1e-3)
    np.testing.assert_allclose(said[:, 0], answer.numpy(), atol=1e-3)
    np.testing.assert_allclose(spans[0, 6:10, 0], start[0, 6:10].numpy(), atol=1e-3)
    np.testing.assert_allclose(spans[0, 6:10, 1], end[0, 6:10].numpy(), atol=1e-3)


def test_a_large_channel_left_apart_leaves_the_others_their_precision(
    tiny: Path, weights: Path, settings_in: Make
) -> None:
    from safetensors.numpy import load_file

    from rag.models.e5 import unpacked
    from rag.models.runtime import Graph

    folder, path = unpacked(settings_in().cache), weights / "reader.safetensors"
    tensors = load_file(path)
    tensors[f"encoder.layers.{LAYERS - 1}.up.bias"][7] = 200  # as no other value is
    save_file(tensors, path)

    def answers(**how: Any) -> Any:
        graph = Graph(folder, reader_trained.graph_file(folder, path, **how), 1)
        return [graph.run([[0, a, 8, 2, 2, b, 7, 12, 20, 9, 2]])[0][1] for a, b in PAIRS]

    exact, plain = answers(int8=False), answers()
    apart = answers(apart={f"layer{LAYERS - 1}.down": (7,)})
    lost, kept = (np.abs(np.subtract(some, exact)).mean() for some in (plain, apart))
    assert kept < lost / 3


def test_settings_choose_the_reader(
    tiny: Path, weights: Path, settings_in: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    embedder = load_embedder(settings_in())
    none = load_reader(settings_in(reader="none"), embedder)
    assert (none.name, none.note) == (
        "features",
        "The trained reader is switched off by the settings.",
    )
    named = load_reader(settings_in(reader=str(weights)), embedder)
    assert (named.name, named.note) == ("e5-reader", None)
    monkeypatch.setattr(reader_module, "WEIGHTS", weights)
    assert load_reader(settings_in(), embedder).name == "e5-reader"
    monkeypatch.setattr(reader_module, "WEIGHTS", tmp_path)
    missing = load_reader(settings_in(), embedder)
    assert missing.name == "features"
    assert "missing" in (missing.note or "")
    with pytest.raises(ModelError, match=r"holds no reader\.safetensors"):
        load_reader(settings_in(reader=str(tmp_path)), embedder)


def test_damaged_weights_are_one_clear_error(tiny: Path, weights: Path, settings_in: Make) -> None:
    (weights / "reader.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelError, match=r"weights in .* are damaged"):
        TrainedReader.load(settings_in(), weights).read("the rate?", [BANK])


def test_a_damaged_calibration_is_one_clear_error(
    tiny: Path, weights: Path, settings_in: Make
) -> None:
    (weights / "reader.json").write_text(json.dumps({"platt": {"answer": 1}}))
    with pytest.raises(ModelError, match=r"calibration in .*reader\.json cannot be read"):
        TrainedReader.load(settings_in(), weights)


def test_coefficients_of_other_features_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "features.json"
    path.write_text(json.dumps({"passage": {"weights": {}, "bias": 0}, "sentence": {}}))
    with pytest.raises(ModelError, match=r"features\.json"):
        Coefficients.load(path)
