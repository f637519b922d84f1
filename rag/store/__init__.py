"""Articles, sentences and the lexical index in SQL; vectors in Chroma, derived from it."""
