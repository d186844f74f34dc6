"""A headless Chromium over its debugging protocol, on loopback: enough to test a page.

with Chromium(folder) as browser:
    page = browser.open(path, width=390)
    page.run("document.title")
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
PATIENCE = 30.0


class Page:
    """One tab: what it was asked to load, what it said on its console, and its document."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """One command of the protocol and its answer; events on the way are kept."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv(timeout=PATIENCE))
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression, promises awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Returns once the expression is true; fails when it does not become so."""
        end = time.monotonic() + PATIENCE
        while not self.run(f"Boolean({expression})"):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.05)

    def move(self, x: float, y: float) -> None:
        """Moves the mouse there."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def requests(self) -> list[str]:
        """Every address that was asked for."""
        sent = (e for e in self.events if e["method"] == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in sent]

    def blocked(self) -> int:
        """How many requests the page's policy stopped before they left."""
        failed = (e["params"] for e in self.events if e["method"] == "Network.loadingFailed")
        return sum(failure.get("blockedReason") == "csp" for failure in failed)

    def complaints(self) -> list[str]:
        """Everything on the console: messages, exceptions, violations of the policy."""
        loud = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
        return [json.dumps(e["params"])[:400] for e in self.events if e["method"] in loud]

    def screenshot(self, path: Path, height: int = 3000) -> None:
        """The top of the page as a PNG file."""
        width = self.run("innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))


class Chromium:
    """One browser process with a profile of its own."""

    def __init__(self, folder: Path) -> None:
        assert PROGRAM is not None
        self._errors = (folder / "chromium.log").open("wb")
        self._port_file = folder / "profile" / "DevToolsActivePort"
        self._process = subprocess.Popen(
            [
                PROGRAM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--remote-debugging-port=0",
                f"--user-data-dir={folder / 'profile'}",
                "about:blank",
            ],
            stdout=self._errors,
            stderr=self._errors,
        )
        self._connections = ExitStack()

    def open(self, path: Path, width: int = 1400, height: int = 900, theme: str = "light") -> Page:
        """A new tab that has loaded the file."""
        request = urllib.request.Request(f"{self._base()}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            address = json.load(answer)["webSocketDebuggerUrl"]
        page = Page(self._connections.enter_context(connect(address, max_size=None)))
        page.call("Page.bringToFront")
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        media = [{"name": "prefers-color-scheme", "value": theme}]
        page.call("Emulation.setEmulatedMedia", features=media)
        page.call("Page.navigate", url=path.as_uri())
        page.wait(f"location.href === {json.dumps(path.as_uri())}")
        page.wait("document.readyState === 'complete'")
        return page

    def _base(self) -> str:
        end = time.monotonic() + PATIENCE
        while not (self._port_file.exists() and self._port_file.read_text().strip()):
            assert self._process.poll() is None, "chromium ended at once"
            assert time.monotonic() < end, "chromium did not start"
            time.sleep(0.05)
        return f"http://127.0.0.1:{self._port_file.read_text().split()[0]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connections.close()
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)
        self._errors.close()
