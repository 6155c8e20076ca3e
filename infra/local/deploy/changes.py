"""Changes to a stack that nobody has carried out."""

from typing import Any

from botocore.exceptions import ClientError

from infra.local.deploy.faults import aws_faults, code_of


def waiting_changes(cloudformation: Any, stack_name: str) -> set[str]:
    """The ids of change sets that could be carried out; raises ``DeploymentFault``.

    One that appears while SAM deploys is one that the person was asked about and did not confirm: carrying out a change
    set removes it and all others of the stack.
    """
    with aws_faults(f"The changes of the stack {stack_name} cannot be listed"):
        try:
            pages = cloudformation.get_paginator("list_change_sets").paginate(StackName=stack_name)
            found = [one for page in pages for one in page["Summaries"]]
        except ClientError as error:
            # No stack yet; AWS has two words for that.
            if code_of(error) in ("ValidationError", "ChangeSetNotFound"):
                return set()
            raise
    return {one["ChangeSetId"] for one in found if one.get("ExecutionStatus") == "AVAILABLE"}
