"""Taking a stack down, and what stays."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from infra.cli.stack import Stack, find_stack
from infra.local.deploy.faults import DeploymentFault, aws_faults

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET: Final = "AWS::S3::Bucket"
TABLE: Final = "AWS::DynamoDB::Table"
SECRET: Final = "AWS::SecretsManager::Secret"  # noqa: S105 - a kind of resource
_KEPT_KINDS: Final = (BUCKET, TABLE, SECRET)
_PAUSE_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 1_800.0
"""CloudFront takes minutes to let a distribution go."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource that holds something: its kind, its name in the template and its name in the account."""

    kind: str
    logical_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """What of a stack holds something, by what its deletion does to it."""

    kept: tuple[Resource, ...]
    emptied: tuple[Resource, ...]


def holdings(cloudformation: Any, stack: Stack) -> Holdings:
    """Buckets, tables and secrets of a stack, by the deletion policies that it was deployed with."""
    if stack.status == "REVIEW_IN_PROGRESS":
        # Somebody was asked to confirm the first deployment and did not: nothing was made, and there is no template.
        return Holdings((), ())
    with aws_faults(f"The resources of {stack.name} cannot be listed"):
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack.name)
        summaries = [one for page in pages for one in page["StackResourceSummaries"]]
        body = cloudformation.get_template(StackName=stack.name, TemplateStage="Processed")["TemplateBody"]
    declared = _resources(body)
    kept, emptied = [], []
    for summary in summaries:
        if summary["ResourceType"] not in _KEPT_KINDS or summary["ResourceStatus"] == "DELETE_COMPLETE":
            continue
        resource = Resource(summary["ResourceType"], summary["LogicalResourceId"], summary["PhysicalResourceId"])
        policy = declared.get(resource.logical_id, {}).get("DeletionPolicy", "Delete")
        if policy.startswith("Retain"):
            kept.append(resource)
        elif resource.kind == BUCKET:
            emptied.append(resource)
    return Holdings(tuple(kept), tuple(emptied))


def empty_bucket(s3: "S3Client", bucket: str) -> int:
    """Remove every object with all its versions; how many that were."""
    removed = 0
    with aws_faults(f"The bucket {bucket} cannot be emptied"):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found: list[Any] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if found:
                keys: Any = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
                answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
                if refused := answer.get("Errors"):
                    raise DeploymentFault(f"{refused[0].get('Key')} cannot be removed from {bucket}.")
                removed += len(keys)
    return removed


def delete_stack(cloudformation: Any, stack: Stack, sleep: Callable[[float], object]) -> None:
    """Delete a stack and wait until it is gone; raises ``DeploymentFault`` naming what cannot be deleted."""
    with aws_faults(f"The stack {stack.name} cannot be deleted"):
        cloudformation.delete_stack(StackName=stack.stack_id)
    for _ in range(round(_PATIENCE_SECONDS / _PAUSE_SECONDS)):
        # By its id, under which it is still known when it is gone.
        found = find_stack(cloudformation, stack.stack_id)
        if found is None or found.status == "DELETE_COMPLETE":
            return
        if found.status == "DELETE_FAILED":
            raise DeploymentFault(f"The stack {stack.name} cannot be deleted: {_why(cloudformation, found)}")
        sleep(_PAUSE_SECONDS)
    raise DeploymentFault(f"The stack {stack.name} is still being deleted. Repeat the command later.")


def erase(account: Any, resource: Resource) -> str:
    """Delete what a stack has left behind; what was done, in a sentence."""
    with aws_faults(f"{resource.name} cannot be deleted"):
        if resource.kind == BUCKET:
            s3 = account.client("s3")
            removed = empty_bucket(s3, resource.name)
            s3.delete_bucket(Bucket=resource.name)
            return f"Deleted the bucket {resource.name} with {removed:,} versions of objects."
        if resource.kind == TABLE:
            account.client("dynamodb").delete_table(TableName=resource.name)
            return f"Deleted the table {resource.name}."
        account.client("secretsmanager").delete_secret(SecretId=resource.name)
        return f"The secret {resource.name} is deleted in 30 days; until then it can be restored."


def _resources(body: object) -> Mapping[str, Mapping[str, Any]]:
    # JSON comes parsed, YAML as text; a transformed template is JSON, of which YAML is a superset.
    parsed = yaml.safe_load(body) if isinstance(body, str) else json.loads(json.dumps(body))
    resources: Mapping[str, Mapping[str, Any]] = parsed["Resources"]
    return resources


def _why(cloudformation: Any, stack: Stack) -> str:
    events: Sequence[Mapping[str, Any]] = cloudformation.describe_stack_events(StackName=stack.stack_id)["StackEvents"]
    failed = [
        f"{event['LogicalResourceId']} ({event.get('ResourceStatusReason', 'no reason given')})"
        for event in events
        if event["ResourceStatus"] == "DELETE_FAILED" and event["LogicalResourceId"] != stack.name
    ]
    return "; ".join(dict.fromkeys(failed)) or stack.reason or "no reason given"
