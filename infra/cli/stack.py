"""What a deployed stack says of itself: the outputs and parameters that commands need instead of copied names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from daltonify_core.errors import InvalidQuery, UpstreamRefused, UpstreamUnavailable

_IN_GOOD_ORDER: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack of AWS CloudFormation; ``reason`` is what it says of its status, often nothing."""

    name: str
    stack_id: str
    status: str
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_in_good_order(self) -> bool:
        """Whether it stands as its last complete deployment left it."""
        return self.status in _IN_GOOD_ORDER

    def output(self, name: str) -> str:
        """Raises ``InvalidQuery`` when the stack has no such output."""
        if name not in self.outputs:
            raise InvalidQuery(
                f"The stack {self.name} ({self.status}) has no output {name}. Deploy it again with `make deploy`."
            )
        return self.outputs[name]


def find_stack(client: Any, name: str) -> Stack | None:
    """The stack of this name or id, ``None`` when there is none.

    ``client`` is one of CloudFormation. Raises ``UpstreamUnavailable``, or ``UpstreamRefused`` where credentials do not
    do.
    """
    try:
        (found,) = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        told = error.response.get("Error", {})
        # The one fault without a code of its own.
        if told.get("Code") == "ValidationError" and "does not exist" in told.get("Message", ""):
            return None
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        message = f"The stack {name} cannot be looked up ({told.get('Code')})."
        if 400 <= status < 500 and status != 429:
            raise UpstreamRefused(f"{message} Sign in to AWS with an account that may see it.", status) from error
        raise UpstreamUnavailable(f"{message} Try again later.") from error
    except BotoCoreError as error:
        raise UpstreamUnavailable(
            f"AWS cannot be asked for the stack {name} ({type(error).__name__}). Check the credentials, AWS_REGION and "
            "the network."
        ) from error
    return Stack(
        name=found["StackName"],
        stack_id=found["StackId"],
        status=found["StackStatus"],
        reason=found.get("StackStatusReason", ""),
        outputs={one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
        parameters={one["ParameterKey"]: one.get("ParameterValue", "") for one in found.get("Parameters", [])},
    )


def stack_of(client: Any, name: str) -> Stack:
    """As ``find_stack``, but raises ``InvalidQuery`` when there is none."""
    found = find_stack(client, name)
    if found is None:
        raise InvalidQuery(f"There is no stack {name} in this AWS account and region. Deploy it with `make deploy`.")
    return found
