"""A small engine in a process of its own: ``python small_engine.py PORT HOST [MOOD …]``.

Moods: ``dies`` at once, ``deaf`` to SIGTERM, ``forks`` a process that goes its own way, ``late``.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Engine(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        told = b""
        if self.path == "/v1/models":
            told = b'{"data": [{"id": "m", "parent": null}]}'
        elif self.path == "/metrics":
            told = b"vllm:num_requests_running 0\nvllm:num_requests_waiting 0\n"
        elif self.path == "/die":
            os._exit(7)
        self._tell(told)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        time.sleep(0.05)
        self._tell(
            b'{"object": "text_completion", "choices": [], "usage":'
            b' {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}'
        )

    def log_message(self, *_: object) -> None:
        pass

    def _tell(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    port, host, *moods = sys.argv[1:]
    if "dies" in moods:
        sys.exit("out of memory")
    if "deaf" in moods:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "forks" in moods and not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        print(f"daemon {os.getpid()}", flush=True)
        time.sleep(600)
    if "late" in moods:
        time.sleep(600)
    print(f"engine {os.getpid()}", flush=True)
    ThreadingHTTPServer((host, int(port)), Engine).serve_forever()


if __name__ == "__main__":
    main()
