"""What stands before page and API: one distribution, which says who asked, and headers that the demo sends too."""

import json
import re
from pathlib import Path

import pytest
from api.gate import ORIGIN_HEADER, VISITOR_HEADER
from api.origin import FIELD

from infra.local.front_door import SECURITY_HEADERS
from infra.local.sam_template import read_template

template = read_template()
config = template.resource("Distribution")["DistributionConfig"]
origins = {origin["Id"]: origin for origin in config["Origins"]}
page = config["DefaultCacheBehavior"]
(api,) = config["CacheBehaviors"]

# Of AWS, by the ids that they have in every account.
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


def test_the_page_comes_from_its_bucket_and_only_the_distribution_reads_that():
    assert page["TargetOriginId"] == "page"
    assert origins["page"]["DomainName"] == {"Fn::GetAtt": "SiteBucket.RegionalDomainName"}
    assert origins["page"]["OriginAccessControlId"] == {"Fn::GetAtt": "SiteAccess.Id"}
    access = template.resource("SiteAccess")["OriginAccessControlConfig"]
    assert access["OriginAccessControlOriginType"] == "s3"
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")
    statements = template.resource("SiteBucketPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = [one for one in statements if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert allowed["Resource"] == {"Fn::Sub": "${SiteBucket.Arn}/*"}
    (source,) = allowed["Condition"]["StringEquals"].items()
    assert source[0] == "aws:SourceArn"
    assert source[1]["Fn::Sub"].endswith(":${AWS::AccountId}:distribution/${Distribution}")


def test_the_bare_address_is_the_page():
    root = config["DefaultRootObject"]
    assert (Path(__file__).parents[2] / "infra" / "site" / root).exists()


def test_the_page_is_read_over_tls_compressed_and_cached():
    assert page["ViewerProtocolPolicy"] == "redirect-to-https"
    assert page["AllowedMethods"] == ["GET", "HEAD"]
    assert page["Compress"] is True
    assert page["CachePolicyId"] == CACHING_OPTIMIZED


def test_every_path_of_the_api_and_no_file_of_the_page_goes_to_the_http_api():
    assert api["PathPattern"] == "/api/*"
    assert all(key.split()[1].startswith("/api/") for key in template.route_keys())
    assert not (Path(__file__).parents[2] / "infra" / "site" / "api").exists()
    assert api["TargetOriginId"] == "api"
    domain = origins["api"]["DomainName"]["Fn::Sub"]
    assert domain == "${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
    # The stage without a name has no part in the path.
    assert template.resource("HttpStage")["StageName"] == "$default"
    assert "OriginPath" not in origins["api"]


def test_answers_of_the_api_are_never_cached_and_requests_arrive_whole():
    assert api["CachePolicyId"] == CACHING_DISABLED
    assert api["OriginRequestPolicyId"] == ALL_VIEWER_EXCEPT_HOST_HEADER
    assert set(api["AllowedMethods"]) == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}


def test_nothing_that_is_sent_to_the_api_travels_in_the_clear():
    assert api["ViewerProtocolPolicy"] == "https-only"
    to_api = origins["api"]["CustomOriginConfig"]
    assert to_api["OriginProtocolPolicy"] == "https-only"
    assert to_api["OriginSSLProtocols"] == ["TLSv1.2"]


def test_cloudfront_waits_for_as_long_as_the_http_api_does():
    waits = origins["api"]["CustomOriginConfig"]["OriginReadTimeout"]
    assert 1000 * waits >= template.resource("ApiIntegration")["TimeoutInMillis"]


def test_the_apis_own_errors_reach_the_page():
    assert "CustomErrorResponses" not in config


def test_cloudfront_keeps_no_log_of_visitors():
    assert "Logging" not in config


def test_the_origin_secret_is_made_up_and_sent_to_the_api_alone():
    (header,) = origins["api"]["OriginCustomHeaders"]
    assert header["HeaderName"].lower() == ORIGIN_HEADER
    reference = f"{{{{resolve:secretsmanager:${{OriginSecret}}:SecretString:{FIELD}}}}}"
    assert header["HeaderValue"] == {"Fn::Sub": reference}
    assert "OriginCustomHeaders" not in origins["page"]
    generated = template.resource("OriginSecret")["GenerateSecretString"]
    assert generated["GenerateStringKey"] == FIELD
    assert generated["PasswordLength"] >= 32
    # A header carries no other characters safely.
    assert generated["ExcludePunctuation"] is True
    assert "SecretString" not in template.resource("OriginSecret")
    assert template.resource("Api")["Environment"]["Variables"]["ORIGIN_SECRET"] == {"Ref": "OriginSecret"}


def test_who_asked_is_said_by_cloudfront_whatever_the_visitor_says():
    (association,) = api["FunctionAssociations"]
    # Before the cache and the origin, and after the visitor's own headers.
    assert association["EventType"] == "viewer-request"
    assert association["FunctionARN"] == {"Fn::GetAtt": "NameVisitor.FunctionMetadata.FunctionARN"}
    function = template.resource("NameVisitor")
    assert function["AutoPublish"] is True
    code = function["FunctionCode"]
    assert re.findall(r"request\.headers(.*?);", code) == [f'["{VISITOR_HEADER}"] = {{ value: event.viewer.ip }}']
    assert VISITOR_HEADER.lower() == VISITOR_HEADER, "CloudFront functions know headers in lower case"


@pytest.mark.parametrize("behavior", [page, api], ids=["page", "api"])
def test_every_answer_carries_the_security_headers(behavior):
    assert behavior["ResponseHeadersPolicyId"] == {"Ref": "SecurityHeaders"}


def test_the_security_headers_are_those_of_the_file_that_the_demo_reads():
    policy = template.resource("SecurityHeaders")["ResponseHeadersPolicyConfig"]
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


def test_what_the_outputs_say_is_where_things_are():
    outputs = {name: one["Value"] for name, one in template.values["Outputs"].items()}
    assert outputs["PageUrl"] == {"Fn::Sub": "https://${Distribution.DomainName}"}
    assert outputs["SiteBucketName"] == {"Ref": "SiteBucket"}
    assert outputs["DistributionId"] == {"Ref": "Distribution"}
    assert outputs["SpotifySecretName"] == {"Ref": "SpotifySecretName"}
    assert outputs["AlarmTopicArn"] == {"Ref": "AlarmTopic"}
    assert outputs["DashboardUrl"]["Fn::Sub"].endswith("#dashboards/dashboard/${Dashboard}")
