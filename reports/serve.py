"""A live view while a run goes on: a server for this machine alone, whose page reloads when records grow."""

import hashlib
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from reports.broken import (
    BrokenRecordsError,
    HalfWrittenLineError,
    MissingFooterError,
    StillRunningError,
)
from reports.load import find_files, load_run
from reports.records import RecordFile, Run
from reports.render import render

HOST = "127.0.0.1"
# A file that was written to this recently belongs to a process that still runs.
FRESH_S = 60.0


class LiveReport:
    """The page of a folder, built again when the folder has changed."""

    def __init__(self, paths: list[Path], clock: Callable[[], float] = time.time) -> None:
        self._paths = paths
        self._clock = clock
        self._lock = threading.Lock()
        self._built = ""
        self._page = b""

    def version(self) -> str:
        """A word that changes when a record file grows, comes or goes."""
        digest = hashlib.sha256()
        for path in find_files(self._paths):
            facts = path.stat()
            digest.update(
                f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode("utf-8", "surrogateescape")
            )
        return digest.hexdigest()[:16]

    def page(self) -> bytes:
        """The page as of now."""
        with self._lock:
            version = self.version()
            if version != self._built:
                run = load_run(self._paths)
                tell_running(run, self._clock())
                self._page, self._built = render(run, live=True), version
            return self._page


def tell_running(run: Run, now: float) -> None:
    """Say of files that are still being written that they are, rather than that their process crashed."""
    for file in run.files:
        if now - file.path.stat().st_mtime < FRESH_S:
            file.problems = [_while_running(file, problem) for problem in file.problems]
    run.problems = [problem for file in run.files for problem in file.problems]


def _while_running(file: RecordFile, problem: BrokenRecordsError) -> BrokenRecordsError:
    if isinstance(problem, HalfWrittenLineError):
        return StillRunningError(file.path, problem.line, "is being written")
    if isinstance(problem, MissingFooterError):
        return StillRunningError(
            file.path, None, f"is still being written: {file.cases:,} cases so far"
        )
    return problem


class _Handler(BaseHTTPRequestHandler):
    server: "ReportServer"

    def do_GET(self) -> None:
        """The page, its version, or nothing else."""
        # A name other than ours in Host: another site's page is asking through its visitor's browser.
        if self.headers.get("Host") not in self.server.names:
            self._answer(HTTPStatus.FORBIDDEN, b"not for this host\n", "text/plain; charset=utf-8")
            return
        path = urlsplit(self.path).path
        if path == "/":
            self._answer(HTTPStatus.OK, self.server.report.page(), "text/html; charset=utf-8")
        elif path == "/version":
            self._answer(
                HTTPStatus.OK,
                self.server.report.version().encode("ascii"),
                "text/plain; charset=utf-8",
            )
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"there is only /\n", "text/plain; charset=utf-8")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing of each request."""


class ReportServer(ThreadingHTTPServer):
    """Serves one report to this machine."""

    daemon_threads = True

    def __init__(self, report: LiveReport, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.report = report
        self.names = {f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"}

    @property
    def address(self) -> str:
        """Where the report is."""
        return f"http://{HOST}:{self.server_port}/"
