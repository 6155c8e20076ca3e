"""What stops a deployment, in words for the person who started it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

_NOT_SIGNED_IN: Final = frozenset(
    {
        "AuthFailure",
        "CredentialRetrievalError",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "NoCredentialsError",
        "PartialCredentialsError",
        "ProfileNotFound",
        "SignatureDoesNotMatch",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
        "UnrecognizedClientException",
    }
)


class DeploymentFault(Exception):
    """A step that could not be done; the message says what to do. What was done before stays done."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@contextmanager
def aws_faults(what: str) -> Iterator[None]:
    """Turns errors of the SDK into a ``DeploymentFault``; ``what`` reads like "the page cannot be uploaded"."""
    try:
        yield
    except NoRegionError as error:
        raise DeploymentFault("No region is chosen. Set AWS_REGION, for example to eu-central-1.") from error
    except (BotoCoreError, ClientError) as error:
        code = code_of(error)
        if code in _NOT_SIGNED_IN:
            raise DeploymentFault(
                f"There are no good AWS credentials here ({code}). Sign in, with `aws sso login` or `aws configure`, "
                "or name a profile in AWS_PROFILE."
            ) from error
        if "AccessDenied" in code or code in ("403", "UnauthorizedOperation"):
            raise DeploymentFault(f"{what}: these credentials may not do that ({code}).") from error
        told = error.response.get("Error", {}).get("Message", "") if isinstance(error, ClientError) else str(error)
        raise DeploymentFault(f"{what}: {told.rstrip('.') or code} ({code}).") from error


def code_of(error: BotoCoreError | ClientError) -> str:
    """AWS's own code of a fault, or the name of the SDK's."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__
