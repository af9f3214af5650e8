"""A page in headless Chromium, served from a folder on this machine; what it posts to /result is what it has to say."""

from __future__ import annotations

import contextlib
import http.server
import json
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHROMIUM = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)
# a browser that asks nobody for anything: no updates, no names but this machine's
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript", ".wasm": "application/wasm"}  # noqa: RUF012
    results: queue.Queue[Any]

    def end_headers(self) -> None:
        # an isolated page has a clock of 5 microseconds rather than 100
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.results.put(json.loads(data))

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[str, queue.Queue[Any]]]:
    """The address of a server of `folder`, and the queue of what is posted to it."""
    results: queue.Queue[Any] = queue.Queue()
    handler = type("Handler", (_Handler,), {"results": results})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: handler(*a, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", results
    finally:
        server.shutdown()
        server.server_close()


def ask_page(folder: Path, page: str, seconds: float = 240.0) -> Any:
    """Open `page` of `folder` in Chromium and return what it posts. Fails when nothing comes within `seconds`."""
    assert CHROMIUM
    with served(folder) as (address, results), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", f"{address}/{page}"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                return results.get(timeout=seconds)
            finally:
                process.terminate()


def screenshot(folder: Path, page: str, to: Path, width: int = 900, height: int = 900, seconds: float = 240.0) -> None:
    """A PNG of `page` of `folder` once its timers and fetches have come to rest."""
    assert CHROMIUM
    with served(folder) as (address, _), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        more = [f"--user-data-dir={profile}", f"--screenshot={to}", f"--window-size={width},{height}", "--virtual-time-budget=20000"]
        subprocess.run([CHROMIUM, *_FLAGS, *more, f"{address}/{page}"], check=True, capture_output=True, timeout=seconds)
