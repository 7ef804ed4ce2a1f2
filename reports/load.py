"""Reading and merging record files: any number of them, each shown for what it is."""

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from reports.broken import NoRecordsError
from reports.merge import merge
from reports.read import Part, read_file, read_header
from reports.records import RecordFile, Run
from reports.text import one_line

# Below this much to read, starting processes costs more than it gains.
PARALLEL_BYTES = 64_000_000


def load_run(paths: Iterable[Path], *, run: str | None = None) -> Run:
    """One run merged from every record file at ``paths``, which are folders or files.

    Args:
        paths: folders, whose ``*.jsonl`` are read, or single files.
        run: keep the files of this run id alone; ``latest`` stands for the one that started last.

    Raises:
        NoRecordsError: a path does not exist, or no file belongs to ``run``.
    """
    files = _only([read_header(path) for path in find_files(paths)], run)
    readable = [file for file in files if file.header is not None]
    with _collector_paused():
        return merge(_read(readable), files)


def _read(files: list[RecordFile]) -> Iterator[Part]:
    """Each file read: here, or, where there is much to read, in processes of their own, which also saves memory."""
    size = sum(file.path.stat().st_size for file in files)
    # A copy of a process with threads may hang, and one of a macOS process may crash.
    if size < PARALLEL_BYTES or sys.platform != "linux" or threading.active_count() > 1:
        yield from map(read_file, files)
        return
    processes = min(len(files), os.cpu_count() or 1)
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        yield from pool.map(read_file, files)


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The record files at ``paths``, each once."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(sorted(path.rglob("*.jsonl"))))
        elif path.is_file():
            found[path] = None
        else:
            near = get_close_matches(
                path.name, [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
            )
            hint = f"; did you mean {str(path.parent / near[0])!r}?" if near else ""
            raise NoRecordsError(
                f"no records at {str(path)!r}: there is no such folder or file{hint}"
            )
    return list(found)


def _only(files: list[RecordFile], run: str | None) -> list[RecordFile]:
    if run is None:
        return files
    started = {
        file.run: one_line((file.header or {}).get("started", ""))
        for file in files
        if file.header is not None
    }
    if run == "latest" and started:
        run = max(started, key=lambda name: started[name])
    if run not in started:
        raise NoRecordsError(
            f"no file belongs to the run {run!r}; there are {', '.join(sorted(started)) or 'none'}"
        )
    return [file for file in files if file.run == run]


@contextmanager
def _collector_paused() -> Iterator[None]:
    # A million live objects and no cycle among them: the collector would walk them all, now and ever after.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.enable()
