"""`python -m rag.ui`: the chat."""

from __future__ import annotations

import sys

from rag.ui.main import main

sys.exit(main())
