"""The session with AWS of every command that an operator types."""

import os
from typing import Any


def aws_session() -> Any:
    """A session with the credentials of the environment, in the region that it names.

    The SDK for Python alone knows AWS_DEFAULT_REGION only. AWS's own command line, and every guide, says AWS_REGION;
    without this a region that was chosen so would be passed over in silence. Raises the SDK's ``BotoCoreError``.
    """
    # Here, because most commands never speak to AWS, and the SDK takes a while to load.
    import boto3

    return boto3.session.Session(region_name=os.environ.get("AWS_REGION") or None)
