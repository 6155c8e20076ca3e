"""An AWS account made of the local server for most services, and of small stand-ins where that one does nothing."""

import io
import json
from collections.abc import Mapping
from typing import Any


class FakeFunctions:
    """Lambda functions that answer with what was set; ``invoked`` are their names."""

    def __init__(self) -> None:
        self.invoked: list[str] = []
        self.answer: Mapping[str, Any] = {"version": "v1", "tracks": 3, "pruned": [], "warnings": []}
        self.fails = False
        self.fault: Exception | None = None

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        self.invoked.append(FunctionName)
        if self.fault is not None:
            raise self.fault
        answer: dict[str, Any] = {"Payload": io.BytesIO(json.dumps(self.answer).encode())}
        return answer | ({"FunctionError": "Unhandled"} if self.fails else {})


class FakeAccount:
    """What ``sign_in`` returns, with clients that were handed in by service."""

    number = "123456789012"
    region = "eu-central-1"
    caller = "arn:aws:iam::123456789012:user/operator"

    def __init__(self, clients: Mapping[str, Any], endpoint_url: str | None = None) -> None:
        self._clients = dict(clients)
        self.endpoint_url = endpoint_url

    def replace(self, service: str, client: Any) -> None:
        """From now on this one."""
        self._clients[service] = client

    def client(self, service: str) -> Any:
        return self._clients[service]
