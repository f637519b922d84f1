"""The chat: `python app.py [--data DIR] [--llm …] [--host H] [--port P] [--open]`."""

from __future__ import annotations

import sys

from rag.ui.main import main

if __name__ == "__main__":
    sys.exit(main())
