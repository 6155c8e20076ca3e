"""Prints templates as CloudFormation sees them, after SAM's transform, which is where SAM's own additions show.

    python -m infra.local.sam_transform < TEMPLATES

reads a JSON list of parsed templates and prints one of transformed ones. Has to run in the environment of the SAM
command line (infra/local/setup_tools.sh sam). Ends with an error where the transform refuses a template.
"""

import json
import logging
import os
import sys
from functools import cache
from typing import Any, Final

import boto3
from samtranslator.translator import translator
from samtranslator.translator.transform import transform

_REGION: Final = "eu-central-1"
_UPLOADED: Final = "s3://artefacts/artefact"
"""What `sam deploy` would have uploaded; the transform takes no local folders."""

_LOCAL: Final = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def transformed(template: dict[str, Any]) -> dict[str, Any]:
    """The template with CloudFormation's own kinds of resources alone. Changes what it is given."""
    template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    for resource in template["Resources"].values():
        if resource["Type"] in _LOCAL:
            resource["Properties"][_LOCAL[resource["Type"]]] = _UPLOADED
    # The transform wants one, and only names of partitions would depend on it.
    os.environ["AWS_DEFAULT_REGION"] = _REGION
    # Parameters stay references; policies are all written out, so no managed one has to be looked up.
    result: dict[str, Any] = transform(template, {}, _NoManagedPolicies())
    return result


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def main() -> None:
    """Transform what comes in."""
    # It warns that nobody asked for figures about itself.
    logging.disable(logging.WARNING)
    # The same for every template; it would make both anew for each, which takes longer than the rest of its work.
    translator.make_policy_template_for_function_plugin = cache(translator.make_policy_template_for_function_plugin)
    boto3.session.Session = cache(boto3.session.Session)  # type: ignore[misc, assignment]
    json.dump([transformed(template) for template in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
