"""A host platform that obeys every order at once, so that only the authority is slow."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ObedientHost:
    """Serves on loopback while entered; `address` is its webhook."""

    def __enter__(self) -> ObedientHost:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Obeys)
        self.address = f"http://127.0.0.1:{self._server.server_port}/orders"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Obeys(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing of each order."""
