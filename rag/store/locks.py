"""Locks between processes, as files the operating system frees when their holder dies."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import StoreError

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            # Far beyond the process number written at the start, which others may read.
            os.lseek(descriptor, 1 << 20, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _wait_lock(descriptor: int) -> None:
        while not _try_lock(descriptor):
            time.sleep(0.01)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class ProcessLock:
    """An exclusive lock on a file, held by one thread of one process at a time.

    Not re-entrant. The file stays behind when released; it holds the last holder's process
    number, for the error message only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = threading.Lock()
        self._descriptor: int | None = None

    def acquire(self, *, wait: bool) -> bool:
        """Take the lock; without `wait`, say False where another holds it."""
        if not self._thread.acquire(blocking=wait):
            return False
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            if wait:
                _wait_lock(self._descriptor)
                return True
            if _try_lock(self._descriptor):
                os.ftruncate(self._descriptor, 0)
                os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)
                return True
        except OSError as error:
            self._thread.release()
            raise StoreError(
                f"The lock file {self.path} cannot be written ({error.strerror}): allow writing to "
                "the data folder or choose another with --data."
            ) from error
        except BaseException:
            self._thread.release()
            raise
        self._thread.release()
        return False

    def release(self) -> None:
        if self._descriptor is not None:
            _unlock(self._descriptor)
        self._thread.release()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock and hold it."""
        self.acquire(wait=True)
        try:
            yield
        finally:
            self.release()

    def holder(self) -> str:
        """ "process 4711", as far as the file tells."""
        try:
            number = self.path.read_text().strip()
        except OSError:
            number = ""
        return f"process {number}" if number.isdigit() else "another process"

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
