"""What one machine takes from the template: the deployed one, and small ones that show a rule."""

from pathlib import Path

import pytest
import yaml

from infra.local.lambda_function import FunctionSettings
from infra.local.sam_template import read_template

SMALL = """
Parameters:
  Market: {Type: String, Default: US}
Globals:
  Function:
    Timeout: 7
    Environment: {Variables: {BUCKET: !Ref Bucket, LEVEL: INFO}}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Own:
    Type: AWS::Serverless::Function
    Properties:
      MemorySize: 512
      Timeout: 20
      Role: !GetAtt Role.Arn
      Environment: {Variables: {LEVEL: DEBUG, MARKET: !Ref Market, COUNT: 3}}
  Plain: {Type: AWS::Serverless::Function, Properties: {CodeUri: !Sub "s3://${Bucket}/x"}}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {RouteKey: GET /api/x, Target: !Join ["/", [integrations, !Ref Own]]}
"""


@pytest.fixture
def small(tmp_path: Path):
    path = tmp_path / "template.yaml"
    path.write_text(SMALL)
    return read_template(path)


def test_short_forms_read_as_long_ones(small):
    assert small.resource("Own")["Role"] == {"Fn::GetAtt": "Role.Arn"}
    assert small.resource("Plain")["CodeUri"] == {"Fn::Sub": "s3://${Bucket}/x"}
    assert small.resource("Route")["Target"] == {"Fn::Join": ["/", ["integrations", {"Ref": "Own"}]]}
    assert small.resource("Bucket") == {}


def test_a_function_has_its_own_settings_before_those_of_all(small):
    assert small.function("Own") == FunctionSettings("Own", 20, 512)
    assert small.function("Plain") == FunctionSettings("Plain", 7, 128)


def test_the_environment_is_that_of_all_functions_and_its_own_with_references_resolved(small):
    bucket = {"Bucket": "data"}
    assert small.environment(["Plain"], bucket) == {"BUCKET": "data", "LEVEL": "INFO"}
    assert small.environment(["Own"], bucket) == {"BUCKET": "data", "LEVEL": "DEBUG", "MARKET": "US", "COUNT": "3"}
    assert small.environment(["Own"], bucket | {"Market": "DE"})["MARKET"] == "DE"


def test_what_is_not_declared_is_not_made_up(small):
    with pytest.raises(KeyError):
        small.function("Nobody")
    with pytest.raises(KeyError):
        small.environment(["Own"], {})


def test_a_template_cannot_make_python_objects(tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text("Resources: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(yaml.YAMLError):
        read_template(path)


def test_the_deployed_template_declares_the_api_and_the_functions():
    template = read_template()
    assert "POST /api/recommendations" in template.route_keys()
    assert template.function("Api").timeout_seconds < 30
    assert template.function("BuildIndex").timeout_seconds > template.function("Api").timeout_seconds
    assert template.function("AudioWorker").timeout_seconds > template.function("Api").timeout_seconds
    references = {name: name.lower() for name in template.values["Resources"]} | {"DataBucket": "data"}
    environment = template.environment(["BuildIndex", "Api", "AudioWorker"], references)
    assert environment["DATA_BUCKET"] == "data"
    assert environment["TABLE_NAME"] == "table"
