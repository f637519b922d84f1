"""The log of a process as it was before a test set one up."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rag.logs import lines, printed


@contextmanager
def as_before() -> Iterator[None]:
    """Takes away what is set up within, from the loggers and from the interpreter."""
    root = logging.getLogger()
    handlers, levels = root.handlers[:], [(one, one.level) for one in (root, lines, printed)]
    hooks, stderr = (sys.excepthook, threading.excepthook), sys.stderr
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for logger, level in levels:
            logger.setLevel(level)
        for handler in lines.handlers[:]:
            lines.removeHandler(handler)
            handler.close()
        lines.propagate = True
        logging.captureWarnings(False)
        (sys.excepthook, threading.excepthook), sys.stderr = hooks, stderr
