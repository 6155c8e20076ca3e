"""The HTTP API, and the distribution before page and API."""

import json
import re
from functools import cache
from pathlib import Path

from api.app import create_resolver
from api.gate import ORIGIN_HEADER, VISITOR_HEADER
from api.origin import FIELD
from api.paths import METHODS
from api.routes import register
from api.wiring import compose
from shared.settings import ApiSettings

from infra.local.front_door import SECURITY_HEADERS
from tests.template.promises.registry import promise
from tests.template.transformed import Transformed, as_list

SITE = Path(__file__).parents[3] / "infra" / "site"
ROUTES = "AWS::ApiGatewayV2::Route"
COSTLY = ("POST /api/playlists", "POST /api/audio-features")

# Of AWS, by the ids that they have in every account.
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"

HARMLESS_IN_LOGS = {
    "$context.requestId",
    "$context.requestTimeEpoch",
    "$context.routeKey",
    "$context.status",
    "$context.protocol",
    "$context.responseLength",
    "$context.responseLatency",
    "$context.integrationLatency",
    "$context.integration.integrationStatus",
    "$context.error.responseType",
}


@cache
def answered_routes() -> list[str]:
    """Every route that the API's code answers."""
    required = {name: "none" for name, field in ApiSettings.model_fields.items() if field.is_required()}
    settings = ApiSettings.model_validate(required)
    resolver = create_resolver()
    bring_in = register(resolver, compose(settings))
    for path in METHODS:
        bring_in(path)
    paths = resolver.get_openapi_schema(title="Daltonify", version="1").paths or {}
    return sorted(f"{method.upper()} {path}" for path, methods in paths.items() for method in methods.model_fields_set)


def route_keys(template: Transformed) -> list[str]:
    return sorted(route["RouteKey"] for route in template.of_type(ROUTES).values())


def distribution(template: Transformed) -> dict[str, object]:
    config: dict[str, object] = template["Distribution"]["DistributionConfig"]
    return config


def origin(template: Transformed, name: str) -> dict[str, object]:
    (found,) = [one for one in template["Distribution"]["DistributionConfig"]["Origins"] if one["Id"] == name]
    return dict(found)


def to_page(template: Transformed) -> dict[str, object]:
    found: dict[str, object] = template["Distribution"]["DistributionConfig"]["DefaultCacheBehavior"]
    return found


def to_api(template: Transformed) -> dict[str, object]:
    (found,) = template["Distribution"]["DistributionConfig"]["CacheBehaviors"]
    return dict(found)


# ---- HTTP API --------------------------------------------------------------------------------------------------------


@promise
def the_http_api_is_written_out_in_routes_and_has_no_body(template: Transformed) -> None:
    (api,) = template.of_type("AWS::ApiGatewayV2::Api").values()
    assert api["ProtocolType"] == "HTTP"
    assert not api.keys() & {"Body", "BodyS3Location", "RouteKey", "Target"}


@promise
def the_routes_are_those_that_the_api_answers(template: Transformed) -> None:
    assert route_keys(template) == answered_routes()
    assert all(key.split(" ")[1].startswith("/api/") for key in route_keys(template))


@promise
def every_route_leads_to_the_one_integration(template: Transformed) -> None:
    for route in template.of_type(ROUTES).values():
        assert route["ApiId"] == {"Ref": "HttpApi"}
        assert route["Target"] == {"Fn::Sub": "integrations/${ApiIntegration}"}
    (integration,) = template.of_type("AWS::ApiGatewayV2::Integration").values()
    assert integration["ApiId"] == {"Ref": "HttpApi"}
    assert integration["IntegrationType"] == "AWS_PROXY"
    assert integration["PayloadFormatVersion"] == "2.0"
    assert integration["IntegrationUri"] == {"Fn::GetAtt": "Api.Arn"}


@promise
def the_function_ends_before_the_http_api_stops_waiting(template: Transformed) -> None:
    assert 1000 * template["Api"]["Timeout"] < template["ApiIntegration"]["TimeoutInMillis"] <= 30_000


@promise
def nobody_from_another_page_may_use_the_api(template: Transformed) -> None:
    assert "CorsConfiguration" not in template["HttpApi"]


@promise
def only_this_api_may_call_the_function_and_only_for_its_paths(template: Transformed) -> None:
    (permission,) = template.of_type("AWS::Lambda::Permission").values()
    assert permission["Action"] == "lambda:InvokeFunction"
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["FunctionName"] == {"Fn::GetAtt": "Api.Arn"}
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${HttpApi}/*/*/api/*")
    assert not [one for one in template.resources.values() if one["Type"] == "AWS::Lambda::Url"]


@promise
def every_route_is_throttled(template: Transformed) -> None:
    usual = template["HttpStage"]["DefaultRouteSettings"]
    assert 0 < usual["ThrottlingRateLimit"] <= 20
    assert usual["ThrottlingRateLimit"] <= usual["ThrottlingBurstLimit"] <= 40


@promise
def what_is_costly_is_throttled_more(template: Transformed) -> None:
    stage = template["HttpStage"]
    assert stage["RouteSettings"].keys() == set(COSTLY)
    for limits in stage["RouteSettings"].values():
        assert limits["ThrottlingRateLimit"] == 1
        assert 0 < limits["ThrottlingBurstLimit"] <= 10
    # A stage may set limits only for routes that exist.
    awaited = {template[name]["RouteKey"] for name in as_list(template.resources["HttpStage"]["DependsOn"])}
    assert awaited == set(COSTLY)


@promise
def the_stage_has_no_part_in_the_path(template: Transformed) -> None:
    assert template["HttpStage"]["StageName"] == "$default"
    assert template["HttpStage"]["AutoDeploy"] is True


@promise
def access_logs_are_json_and_hold_nothing_that_somebody_typed(template: Transformed) -> None:
    settings = template["HttpStage"]["AccessLogSettings"]
    values = set(json.loads(settings["Format"]).values())
    assert values <= HARMLESS_IN_LOGS
    assert "$context.requestId" in values
    assert settings["DestinationArn"] == {"Fn::GetAtt": "AccessLogs.Arn"}


# ---- Distribution ----------------------------------------------------------------------------------------------------


@promise
def the_page_comes_from_its_bucket_by_origin_access_control(template: Transformed) -> None:
    assert to_page(template)["TargetOriginId"] == "page"
    page = origin(template, "page")
    assert page["DomainName"] == {"Fn::GetAtt": "SiteBucket.RegionalDomainName"}
    assert page["OriginAccessControlId"] == {"Fn::GetAtt": "SiteAccess.Id"}
    assert page["S3OriginConfig"] == {"OriginAccessIdentity": ""}
    access = template["SiteAccess"]["OriginAccessControlConfig"]
    assert access["OriginAccessControlOriginType"] == "s3"
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")


@promise
def only_this_distribution_reads_the_page(template: Transformed) -> None:
    statements = template["SiteBucketPolicy"]["PolicyDocument"]["Statement"]
    (allowed,) = [one for one in statements if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert allowed["Resource"] == {"Fn::Sub": "${SiteBucket.Arn}/*"}
    ((key, source),) = allowed["Condition"]["StringEquals"].items()
    assert key == "aws:SourceArn"
    assert source["Fn::Sub"].endswith(":${AWS::AccountId}:distribution/${Distribution}")


@promise
def the_bare_address_is_the_page(template: Transformed) -> None:
    assert (SITE / str(distribution(template)["DefaultRootObject"])).exists()
    assert distribution(template)["Enabled"] is True


@promise
def the_page_is_read_over_tls_compressed_and_cached(template: Transformed) -> None:
    page = to_page(template)
    assert page["ViewerProtocolPolicy"] == "redirect-to-https"
    assert page["AllowedMethods"] == ["GET", "HEAD"]
    assert page["Compress"] is True
    assert page["CachePolicyId"] == CACHING_OPTIMIZED


@promise
def every_path_of_the_api_and_no_file_of_the_page_goes_to_the_http_api(template: Transformed) -> None:
    assert to_api(template)["PathPattern"] == "/api/*"
    assert not (SITE / "api").exists()
    assert to_api(template)["TargetOriginId"] == "api"
    wanted = {"Fn::Sub": "${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}
    assert origin(template, "api")["DomainName"] == wanted
    assert "OriginPath" not in origin(template, "api")


@promise
def answers_of_the_api_are_never_cached(template: Transformed) -> None:
    assert to_api(template)["CachePolicyId"] == CACHING_DISABLED


@promise
def requests_reach_the_api_whole(template: Transformed) -> None:
    assert to_api(template)["OriginRequestPolicyId"] == ALL_VIEWER_EXCEPT_HOST_HEADER
    methods = {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}
    assert set(as_list(to_api(template)["AllowedMethods"])) == methods


@promise
def nothing_that_is_sent_to_the_api_travels_in_the_clear(template: Transformed) -> None:
    assert to_api(template)["ViewerProtocolPolicy"] == "https-only"
    (api,) = [one for one in template["Distribution"]["DistributionConfig"]["Origins"] if one["Id"] == "api"]
    assert api["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert api["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]


@promise
def cloudfront_waits_for_as_long_as_the_http_api_does(template: Transformed) -> None:
    (api,) = [one for one in template["Distribution"]["DistributionConfig"]["Origins"] if one["Id"] == "api"]
    waits = api["CustomOriginConfig"]["OriginReadTimeout"]
    assert 1000 * waits >= template["ApiIntegration"]["TimeoutInMillis"]


@promise
def the_apis_own_errors_reach_the_page(template: Transformed) -> None:
    assert "CustomErrorResponses" not in distribution(template)


@promise
def cloudfront_keeps_no_log_of_visitors(template: Transformed) -> None:
    assert "Logging" not in distribution(template)
    behaviors = (to_page(template), to_api(template))
    assert not any("RealtimeLogConfigArn" in one for one in behaviors)


@promise
def the_origin_secret_is_made_up_and_sent_to_the_api_alone(template: Transformed) -> None:
    (header,) = as_list(origin(template, "api")["OriginCustomHeaders"])
    assert header["HeaderName"].lower() == ORIGIN_HEADER
    reference = f"{{{{resolve:secretsmanager:${{OriginSecret}}:SecretString:{FIELD}}}}}"
    assert header["HeaderValue"] == {"Fn::Sub": reference}
    assert "OriginCustomHeaders" not in origin(template, "page")
    assert template["OriginSecret"]["GenerateSecretString"]["GenerateStringKey"] == FIELD


@promise
def who_asked_is_said_by_cloudfront_whatever_the_visitor_says(template: Transformed) -> None:
    (association,) = as_list(to_api(template)["FunctionAssociations"])
    # Before the cache and the origin, and after the visitor's own headers.
    assert association["EventType"] == "viewer-request"
    assert association["FunctionARN"] == {"Fn::GetAtt": "NameVisitor.FunctionMetadata.FunctionARN"}
    function = template["NameVisitor"]
    assert function["AutoPublish"] is True
    written = re.findall(r"request\.headers(.*?);", function["FunctionCode"])
    assert written == [f'["{VISITOR_HEADER}"] = {{ value: event.viewer.ip }}']
    assert VISITOR_HEADER.lower() == VISITOR_HEADER, "CloudFront functions know headers in lower case"


@promise
def every_answer_carries_the_security_headers(template: Transformed) -> None:
    for behavior in (to_page(template), to_api(template)):
        assert behavior["ResponseHeadersPolicyId"] == {"Ref": "SecurityHeaders"}


@promise
def the_security_headers_are_those_of_the_file_that_the_demo_reads(template: Transformed) -> None:
    policy = template["SecurityHeaders"]["ResponseHeadersPolicyConfig"]
    known, custom = policy["SecurityHeadersConfig"], policy["CustomHeadersConfig"]["Items"]
    assert all(one["Override"] is True for one in [*known.values(), *custom])
    sent = {
        "Content-Security-Policy": known["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        "Referrer-Policy": known["ReferrerPolicy"]["ReferrerPolicy"],
        "X-Frame-Options": known["FrameOptions"]["FrameOption"],
        "X-Content-Type-Options": "nosniff" if "ContentTypeOptions" in known else None,
        "Strict-Transport-Security": f"max-age={known['StrictTransportSecurity']['AccessControlMaxAgeSec']}",
        **{one["Header"]: one["Value"] for one in custom},
    }
    assert known["StrictTransportSecurity"].keys() == {"Override", "AccessControlMaxAgeSec"}
    assert sent == json.loads(SECURITY_HEADERS.read_text(encoding="utf-8"))


@promise
def what_cloudfront_wants_named_is_named_after_the_stack(template: Transformed) -> None:
    unique = {"Unique": {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}}
    for named in (
        template["NameVisitor"],
        template["SiteAccess"]["OriginAccessControlConfig"],
        template["SecurityHeaders"]["ResponseHeadersPolicyConfig"],
    ):
        text, parts = named["Name"]["Fn::Sub"]
        assert text.endswith("-${Unique}")
        assert parts == unique


@promise
def the_outputs_say_where_things_are(template: Transformed) -> None:
    outputs = {name: one["Value"] for name, one in template.values["Outputs"].items()}
    dashboard = outputs.pop("DashboardUrl")["Fn::Sub"]
    assert dashboard.endswith("#dashboards/dashboard/${Dashboard}")
    assert outputs == {
        "PageUrl": {"Fn::Sub": "https://${Distribution.DomainName}"},
        "ApiUrl": {"Fn::Sub": "${HttpApi.ApiEndpoint}/api"},
        "SiteBucketName": {"Ref": "SiteBucket"},
        "DistributionId": {"Ref": "Distribution"},
        "DataBucketName": {"Ref": "DataBucket"},
        "TableName": {"Ref": "Table"},
        "BuildIndexName": {"Ref": "BuildIndex"},
        "AudioDeadLettersUrl": {"Ref": "AudioDeadLetters"},
        "ReleaseQueueUrl": {"Ref": "ReleaseQueue"},
        "ReleaseDeadLettersUrl": {"Ref": "ReleaseDeadLetters"},
        "PublishingSecretArn": {"Fn::GetAtt": "PublishingSecret.Id"},
        "SpotifySecretName": {"Ref": "SpotifySecretName"},
        "AlarmTopicArn": {"Ref": "AlarmTopic"},
    }
