"""From a raw article to an article: masks, language, sentences, date, title."""

from __future__ import annotations

from rag.corpus.clean import find_masks, headline
from rag.corpus.language import detect_article
from rag.corpus.manifest import Override
from rag.corpus.published import find_published
from rag.corpus.raw import RawArticle
from rag.corpus.sentences import make_sentences
from rag.types import Article, ArticleInfo, Mask, text_sha256


def build_article(raw: RawArticle, override: Override | None = None) -> Article:
    """The article as it will be stored; its witness is itself until `duplicates` groups it.

    What a manifest says wins over the file's metadata, and that over what the text suggests.
    """
    said = override or Override()
    title = said.title or raw.title
    masks = find_masks(raw.text, title=title, media=raw.media)
    unmasked = unmasked_text(raw.text, masks)
    language = said.language or raw.language or detect_article(unmasked or raw.text)
    info = ArticleInfo(
        id=raw.id,
        title=title or headline(raw.text, masks),
        source=said.url or raw.source,
        outlet=said.outlet or raw.outlet,
        language=language,
        published=said.published or find_published(raw, masks, language),
        authors=raw.authors if said.authors is None else said.authors,
        sha256=text_sha256(raw.text),
        witness=raw.id,
    )
    return Article(info, raw.text, masks, make_sentences(raw.id, raw.text, language, masks))


def unmasked_text(text: str, masks: tuple[Mask, ...]) -> str:
    """The text without its masks: for language and duplicates, never for quoting."""
    parts, at = [], 0
    for mask in masks:
        parts.append(text[at : mask.start])
        at = mask.end
    parts.append(text[at:])
    return "".join(parts)
