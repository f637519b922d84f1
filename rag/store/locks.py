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


_PAUSE = 0.02  # seconds between two tries


class ProcessLock:
    """An exclusive lock on a file, held by one thread of one process at a time.

    Not re-entrant. The file stays behind when released; it holds the last holder's process
    number, for the error message only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = threading.Lock()
        self._descriptor: int | None = None

    def acquire(self, *, seconds: float) -> bool:
        """Take the lock, waiting up to `seconds`; False where another holds it that long."""
        deadline = time.monotonic() + seconds
        if not self._thread.acquire(timeout=seconds):
            return False
        taken = False
        try:
            descriptor = self._open()
            while not (taken := _try_lock(descriptor)) and time.monotonic() < deadline:
                time.sleep(_PAUSE)
            if taken:
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        except OSError as error:
            raise self._refused(error) from error
        finally:
            if not taken:
                self._thread.release()
        return taken

    def release(self) -> None:
        if self._descriptor is not None:
            _unlock(self._descriptor)
        self._thread.release()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock as long as it takes, and hold it."""
        with self._thread:
            try:
                descriptor = self._open()
                _wait_lock(descriptor)
            except OSError as error:
                raise self._refused(error) from error
            try:
                yield
            finally:
                _unlock(descriptor)

    def holder(self) -> str:
        """ "process 4711", as far as the file tells."""
        try:
            number = self.path.read_text().strip()
        except OSError:
            number = ""
        return f"process {number}" if number.isdigit() else "another process"

    def _open(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        return self._descriptor

    def _refused(self, error: OSError) -> StoreError:
        return StoreError(
            f"The lock file {self.path} cannot be written ({error.strerror}): allow writing to "
            "the data folder or choose another with --data."
        )

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
