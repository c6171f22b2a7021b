"""Chromium without a window, spoken to over its pipe: JSON messages that end with a zero byte."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Any, Self

CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)

# The browser reads commands from 3 and answers on 4, whichever numbers our pipes have.
_AS_3_AND_4 = """
import os, sys
os.dup2(int(sys.argv[1]), 93), os.dup2(int(sys.argv[2]), 94)
os.dup2(93, 3), os.dup2(94, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One page in a browser of its own, with a fresh profile.

    Attributes
    ----------
    errors
        What went wrong on the page: exceptions, and what the console was told.
    asked
        Addresses that the page asked for.
    """

    def __init__(self, wide: int = 1280, high: int = 900) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._size = f"{wide},{high}"
        self._next = 0
        self._heard = b""
        self.errors: list[str] = []
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        assert CHROMIUM is not None
        theirs, self._to = os.pipe()
        self._from, ours = os.pipe()
        command = [
            *(sys.executable, "-c", _AS_3_AND_4, str(theirs), str(ours)),
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
            *("--disable-dev-shm-usage", "--no-first-run", "--disable-extensions"),
            *(f"--user-data-dir={self._folder.name}", f"--window-size={self._size}", "about:blank"),
        ]
        self._process = subprocess.Popen(
            command,
            pass_fds=(theirs, ours),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(ours)
        pages = self._send("Target.getTargets", session=None)["targetInfos"]
        page = next(one["targetId"] for one in pages if one["type"] == "page")
        attached = self._send("Target.attachToTarget", session=None, targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._to, self._from):
            os.close(end)
        self._process.terminate()
        self._process.wait(10)
        self._folder.cleanup()

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Do something on the page."""
        return self._send(method, session=self._session, **params)

    def open(self, url: str) -> None:
        """Go to an address, and return when everything there is loaded."""
        self.send("Page.navigate", url=url)
        self.until("location.protocol !== 'about:' && document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """Return what an expression is on the page, once it is settled."""
        told = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in told:
            raise AssertionError(told["exceptionDetails"])
        return told["result"].get("value")

    def until(self, script: str, timeout_s: float = 20.0) -> Any:
        """Return what an expression is as soon as that is true."""
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            if found := self.run(script):
                return found
            time.sleep(0.05)
        raise AssertionError(f"not true in {timeout_s} s: {script}; {self.errors}")

    def press(self, key: str) -> None:
        """Press a key, such as ``Enter`` or ``Tab``."""
        text = {"text": "\r"} if key == "Enter" else {}
        code = {"Enter": 13, "Tab": 9, "Escape": 27}[key]
        for kind in ("keyDown", "keyUp"):
            more = text if kind == "keyDown" else {}
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more
            )

    def screenshot(self, *, whole: bool = False) -> bytes:
        """Return a picture of the page (PNG)."""
        told = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(told["data"])

    def _send(self, method: str, *, session: str | None, **params: Any) -> dict[str, Any]:
        self._next += 1
        message = {"id": self._next, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._read()
            if told.get("id") == self._next:
                if "error" in told:
                    raise AssertionError(told["error"])
                return dict(told["result"])
            self._note(told)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._heard:
            if not select.select([self._from], [], [], 30)[0]:
                raise AssertionError("the browser says nothing")
            piece = os.read(self._from, 1 << 16)
            if not piece:
                raise AssertionError("the browser has ended")
            self._heard += piece
        line, _, self._heard = self._heard.partition(b"\0")
        return dict(json.loads(line))

    def _note(self, event: dict[str, Any]) -> None:
        method, params = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
