"""The models: embedding, reader and LLM, each found, unpacked and loaded late.

torch, transformers and sentence_transformers are imported in this room only, and only inside
the functions that need them: importing sentence_transformers alone takes 5 s.
"""
