"""A real browser, pages for it on an origin of their own, and the SDKs that pages load."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.real_servers import ServerMissingError, give_up, one_at_a_time, run_directory

SDK = Path(__file__).parents[1] / "end_to_end" / "sdk"


def installed_sdks() -> Path:
    """A folder with the Node and browser SDKs, installed once a test run from the lock in it."""
    folder = run_directory() / "sdk"
    if shutil.which("node") is None or shutil.which("npm") is None:
        give_up(ServerMissingError("node and npm are not installed"))
    with one_at_a_time("sdk"):
        if not (folder / "node_modules").exists():
            shutil.copytree(SDK, folder, dirs_exist_ok=True)
            command = ["npm", "ci", "--loglevel=error"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
            if done.returncode:
                give_up(ServerMissingError(f"npm ci failed: {done.stderr.strip()[-500:]}"))
    return folder


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """The pages on an origin of their own, and what they report as failed."""
    failures: list[bytes] = []

    class Pages(SimpleHTTPRequestHandler):
        def do_POST(self) -> None:
            failures.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", failures
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def chromium(address: str, profile: Path) -> Iterator[None]:
    """A headless browser that shows `address`."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        give_up(ServerMissingError("no Chromium is installed"))
    options = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        f"--user-data-dir={profile}",
    ]
    with (profile / "chromium.log").open("wb") as log:
        process = subprocess.Popen([program, *options, address], stdout=log, stderr=log, env={**os.environ})
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)
