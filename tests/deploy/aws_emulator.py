"""AWS as an emulator that deploys templates and enforces permissions: MiniStack, in a process of its own, over TLS."""

import os
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from types import TracebackType
from typing import Final, Self

from infra.local.lambda_function import ACCOUNT_ID
from tests.contract.throwaway_certificate import make_certificate

LOOPBACK: Final = "127.0.0.1"
REGION: Final = "eu-central-1"
_PROGRAM: Final = Path(__file__).with_name("emulator_with_leading_keys.py")
_ROOT_KEYS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 3


class EmulatorFailed(Exception):
    """It did not start, or ended by itself."""


class AwsEmulator:
    """The emulator while the context lasts, on a free loopback port; ``log`` is where it writes what it does.

    Functions run in processes of its own, under the permissions of their roles.
    """

    def __init__(self, programs: Path, log: Path) -> None:
        self._programs = programs
        self._log = log
        self._work = TemporaryDirectory(prefix="daltonify-emulator-", ignore_cleanup_errors=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._key, self.authority = make_certificate(Path(self._work.name), LOOPBACK)
        self.port = 0

    @property
    def endpoint_url(self) -> str:
        """Where every service answers."""
        return f"https://{LOOPBACK}:{self.port}"

    @property
    def trust(self) -> ssl.SSLContext:
        """What accepts the emulator's certificate, and no other."""
        return ssl.create_default_context(cafile=self.authority)

    def environment(self, outer: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Variables that lead every AWS client here as the account's owner, and nowhere else."""
        kept = {name: value for name, value in outer.items() if not name.startswith("AWS_")}
        return {
            **kept,
            **_ROOT_KEYS,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CA_BUNDLE": str(self.authority),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": LOOPBACK,
            "no_proxy": LOOPBACK,
        }

    def __enter__(self) -> Self:
        self.port = _free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
        settings = {
            "GATEWAY_PORT": str(self.port),
            # By default it would be open to the whole network.
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": LOOPBACK,
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
            # Roles are enforced only with this.
            "AUTH": "true",
            # Buckets answer over TLS only, their own functions included.
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(self.authority),
            "MINISTACK_SSL_KEY": str(self._key),
            "TMPDIR": self._work.name,
            "NO_PROXY": LOOPBACK,
            "no_proxy": LOOPBACK,
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                # Nothing beside the script may be taken for a package of the emulator's.
                [self._programs / "python", "-P", _PROGRAM],
                env={**kept, **settings},
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._work.name,
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            # Its functions are processes of the same session.
            _end(self._process)
        self._work.cleanup()

    def _wait_until_it_answers(self) -> None:
        deadline = monotonic() + _START_SECONDS
        while monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise EmulatorFailed(f"The emulator ended by itself; {self._log} says why.")
            try:
                address = f"{self.endpoint_url}/_ministack/health"
                with urllib.request.urlopen(address, timeout=2, context=self.trust):  # noqa: S310 - ours
                    return
            except urllib.error.HTTPError as answer:
                answer.close()
                return
            except OSError:
                sleep(0.1)
        raise EmulatorFailed(f"The emulator did not answer within {_START_SECONDS} s; {self._log} may say why.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
