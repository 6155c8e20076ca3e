"""Lambda's side of the Runtime API, for built functions under AWS's own runtime client.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html: the client asks for the next invocation, and sends its
response or error back; the first time that it asks, its initialisation is over.
"""

import json
import os
import subprocess
import threading
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic, time
from types import TracebackType
from typing import Any, Final, Self

LOOPBACK: Final = "127.0.0.1"
_INIT_SECONDS: Final = 60
_STOP_SECONDS: Final = 5
_NEXT: Final = "/2018-06-01/runtime/invocation/next"
# What the runtime is made of, beside the packages that it brings.
CLIENT_PACKAGES: Final = ("awslambdaric", "runtime_client", "simplejson")
# `-S`: nothing that is installed for the interpreter itself, which Lambda does not have.
_START: Final = "import sys; from awslambdaric.__main__ import main; main(['bootstrap', sys.argv[1]])"


class FunctionCrashed(Exception):
    """The function did not come up, ended by itself, or raised; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What came of one event: the response, or the error as Lambda passes it on."""

    response: Any
    error: Mapping[str, Any] | None
    milliseconds: float


class RuntimeProcess:
    """One environment of a built function, while the context lasts."""

    def __init__(
        self,
        python: Path,
        handler: str,
        path: Sequence[Path],
        environment: Mapping[str, str],
        work: Path,
        notes_imports: bool = True,
    ) -> None:
        self._python = python
        self._handler = handler
        self._path = path
        self._environment = environment
        self._work = work
        # Noting them takes time, which whoever measures the start does not want to measure.
        self._notes = ("-X", "importtime") if notes_imports else ()
        self._events: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
        self._answers: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
        self._is_ready = threading.Event()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler_class())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._process: subprocess.Popen[bytes] | None = None
        self.init_milliseconds = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        settings = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, self._path)),
            "LAMBDA_TASK_ROOT": str(self._path[0]),
            "AWS_LAMBDA_RUNTIME_API": f"{LOOPBACK}:{self._server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "AWS_LAMBDA_LOG_GROUP_NAME": "group",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "NO_PROXY": LOOPBACK,
            **self._environment,
        }
        started = monotonic()
        with (self._work / "output").open("wb") as output, (self._work / "imports").open("wb") as imports:
            self._process = subprocess.Popen(
                [self._python, "-S", "-B", *self._notes, "-c", _START, self._handler],
                env=settings,
                cwd=self._work,
                stdout=output,
                stderr=imports,
            )
        while not self._is_ready.wait(0.05):
            if self._process.poll() is not None or monotonic() - started > _INIT_SECONDS:
                said = self.output
                self.__exit__(None, None, None)
                raise FunctionCrashed(said[-4000:])
        self.init_milliseconds = 1000 * (monotonic() - started)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(_STOP_SECONDS)
        self._events.put(("", b""))
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def invoke(self, event: Any, seconds: float = 60) -> Invocation:
        """Hand one event to the function; raises ``FunctionCrashed`` when it ends or does not answer."""
        started = monotonic()
        self._events.put((str(uuid.uuid4()), json.dumps(event).encode()))
        while monotonic() - started < seconds:
            try:
                kind, body = self._answers.get(timeout=0.2)
            except Empty:
                if self._process is None or self._process.poll() is not None:
                    raise FunctionCrashed(self.output[-4000:]) from None
                continue
            told = json.loads(body) if body else None
            passed = 1000 * (monotonic() - started)
            return Invocation(told if kind == "response" else None, told if kind == "error" else None, passed)
        raise FunctionCrashed(f"no answer within {seconds} s: {self.output[-2000:]}")

    @property
    def output(self) -> str:
        """What the function has logged so far, and where it crashed."""
        said = (self._work / "output").read_text(encoding="utf-8", errors="replace")
        lines = (self._work / "imports").read_text(encoding="utf-8", errors="replace").splitlines()
        return said + "\n".join(line for line in lines if not line.startswith("import time:"))

    @property
    def imported(self) -> set[str]:
        """The top-level modules that were imported so far, failed attempts among them."""
        lines = (self._work / "imports").read_text(encoding="utf-8", errors="replace").splitlines()
        names = (line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:"))
        return {name.partition(".")[0] for name in names}

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        runtime = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Otherwise each answer waits 40 ms for the acknowledgement of its first part.
            disable_nagle_algorithm = True
            wbufsize = -1

            def handle(self) -> None:
                # A function that is ended leaves its connection as it stands.
                with suppress(OSError):
                    super().handle()

            def do_GET(self) -> None:
                if self.path != _NEXT:
                    self._answer(404, b"{}")
                    return
                runtime._is_ready.set()
                request_id, event = runtime._events.get()
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": request_id,
                    "Lambda-Runtime-Deadline-Ms": str(int((time() + 29) * 1000)),
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:function",
                    "Content-Type": "application/json",
                }
                self._answer(200, event, headers)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                runtime._answers.put((self.path.rpartition("/")[2], body))
                self._answer(202, b'{"status":"OK"}')

            def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
                self.send_response(status)
                for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
