"""The account that is deployed to, and clients for each service in it."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import NoRegionError

from infra.cli.aws_session import aws_session
from infra.local.deploy.faults import aws_faults

# A build may take 15 minutes, all of which the connection is silent. A repetition would start another one.
_FOR_FUNCTIONS: Final = Config(read_timeout=930, tcp_keepalive=True, retries={"total_max_attempts": 1})
_FOR_THE_REST: Final = Config(connect_timeout=5, retries={"mode": "standard", "total_max_attempts": 5})
_AWS_HOSTS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


@dataclass(frozen=True, slots=True)
class Account:
    """Where everything goes. ``endpoint_url`` is set when that is not AWS but something that stands in for it."""

    session: Any = field(repr=False)
    number: str
    region: str
    caller: str
    endpoint_url: str | None

    def client(self, service: str) -> Any:
        """A client of a service, one for each."""
        return _client(self.session, service)


def sign_in() -> Account:
    """The account of the credentials in the environment; raises ``DeploymentFault`` when they do not do."""
    with aws_faults("AWS cannot be asked whose credentials these are"):
        session = aws_session()
        if session.region_name is None:
            # Who signs in can be asked without one, but nothing can be deployed.
            raise NoRegionError
        sts = _client(session, "sts")
        identity, address = sts.get_caller_identity(), sts.meta.endpoint_url
        return Account(
            session=session,
            number=identity["Account"],
            region=session.region_name,
            caller=identity["Arn"],
            endpoint_url=None if urlsplit(address).netloc.endswith(_AWS_HOSTS) else address,
        )


@cache
def _client(session: Any, service: str) -> Any:
    return session.client(service, config=_FOR_FUNCTIONS if service == "lambda" else _FOR_THE_REST)
