"""The models: embedding, reader and LLM, each found, unpacked and loaded late.

torch, transformers and sentence_transformers are imported in this room only, and only inside
the functions that need them: importing sentence_transformers alone takes 5 s.
"""

from __future__ import annotations

import os

# How long an OpenMP thread that waits for the others spins before it sleeps; read when torch or
# llama.cpp, whichever comes first, loads the library. With its own 300,000, two threads on two
# cores that others use too spent most of their time waiting for each other: 60 prompt tokens
# and an answer of 12 took 35 to 42 s, with 2,000 they took 9 to 12.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")
