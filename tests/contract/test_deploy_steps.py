"""Each step of a deployment against a local AWS: what it does, that it can be repeated, and what it says of a fault."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError, ReadTimeoutError

from daltonify_core.ports.surroundings import no_progress
from infra.cli.stack import find_stack
from infra.local.content_types import HTML_CACHE, OTHER_CACHE
from infra.local.deploy.access_codes import add_access_code
from infra.local.deploy.catalogue import check_catalogue, upload_catalogue
from infra.local.deploy.faults import DeploymentFault, aws_faults
from infra.local.deploy.page import (
    PageFile,
    PageUpload,
    check_contact,
    invalidate,
    page_files,
    upload_page,
)
from infra.local.deploy.prerequisites import check_machine
from infra.local.deploy.removal import BUCKET, SECRET, TABLE, Resource, delete_stack, empty_bucket, erase, holdings
from infra.local.deploy.service import Heard, build_index, wait_for_health
from infra.local.deploy.stages import read_stage
from infra.local.synthetic_catalogue import write_synthetic_catalogue
from tests.builders import make_track
from tests.catalogues import catalogue_csv
from tests.fakes.fake_account import FakeAccount, FakeFunctions
from tests.fakes.memory_secrets import MemorySecretStore

CONTACT = "operator@example.org"


@pytest.fixture
def bucket(aws):
    return aws.make_bucket()


@pytest.fixture
def page() -> list[PageFile]:
    return [
        PageFile("app.js", b"let a = 1;", "text/javascript; charset=utf-8", OTHER_CACHE),
        PageFile("index.html", b"<html></html>", "text/html; charset=utf-8", HTML_CACHE),
    ]


def keys(aws, bucket) -> set[str]:
    return {entry["Key"] for entry in aws.s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


# ---- The page ------------------------------------------------------------------------------------------------------


def test_every_file_of_the_page_gets_a_type_that_browsers_accept_and_html_comes_last():
    files = page_files(CONTACT)
    kinds = {file.name: file.content_type for file in files}
    assert kinds["app.js"] == "text/javascript; charset=utf-8"
    assert kinds["views/list.js"] == "text/javascript; charset=utf-8"
    assert kinds["styles/base.css"] == "text/css; charset=utf-8"
    assert kinds["favicon.svg"] == "image/svg+xml; charset=utf-8"
    assert "application/octet-stream" not in kinds.values()
    is_html = [file.name.endswith(".html") for file in files]
    assert is_html == sorted(is_html)
    assert {file.cache for file in files if file.name.endswith(".html")} == {"no-cache"}
    assert all("must-revalidate" in file.cache for file in files if not file.name.endswith(".html"))


def test_the_page_is_sent_once_and_afterwards_only_what_changed(aws, bucket, page):
    assert upload_page(aws.s3, bucket, page) == PageUpload(("app.js", "index.html"), 0, ())
    assert upload_page(aws.s3, bucket, page) == PageUpload((), 2, ())
    newer = PageFile("app.js", b"let a = 2;", page[0].content_type, page[0].cache)
    assert upload_page(aws.s3, bucket, [newer, page[1]]).sent == ("app.js",)
    stored = aws.s3.get_object(Bucket=bucket, Key="app.js")
    assert (stored["Body"].read(), stored["ContentType"], stored["CacheControl"]) == (
        newer.content,
        "text/javascript; charset=utf-8",
        OTHER_CACHE,
    )


def test_a_changed_header_is_a_change(aws, bucket, page):
    upload_page(aws.s3, bucket, page)
    newer = PageFile(page[0].name, page[0].content, page[0].content_type, "no-store")
    assert upload_page(aws.s3, bucket, [newer, page[1]]).sent == ("app.js",)


class Recorder:
    """An S3 client that remembers in which order it was asked to write."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.writes: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_object(self, **arguments: Any) -> Any:
        self.writes.append(("put", arguments["Key"]))
        return self._client.put_object(**arguments)

    def delete_objects(self, **arguments: Any) -> Any:
        self.writes += [("delete", one["Key"]) for one in arguments["Delete"]["Objects"]]
        return self._client.delete_objects(**arguments)


def test_what_is_no_part_of_the_page_any_longer_goes_when_the_rest_is_there(aws, bucket, page):
    aws.s3.put_object(Bucket=bucket, Key="old.js", Body=b"")
    recorder: Any = Recorder(aws.s3)
    assert upload_page(recorder, bucket, page).removed == ("old.js",)
    assert recorder.writes == [("put", "app.js"), ("put", "index.html"), ("delete", "old.js")]
    assert keys(aws, bucket) == {"app.js", "index.html"}


@pytest.fixture
def distribution(aws, bucket) -> tuple[Any, str]:
    cloudfront = aws.client("cloudfront")
    origin = {"Id": "site", "DomainName": "site.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": bucket,
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "redirect-to-https"},
        }
    )
    return cloudfront, made["Distribution"]["Id"]


def test_cloudfront_is_told_only_of_a_page_that_changed(aws, bucket, page, distribution):
    cloudfront, name = distribution
    assert invalidate(cloudfront, aws.s3, name, bucket, upload_page(aws.s3, bucket, page), "first")
    assert not invalidate(cloudfront, aws.s3, name, bucket, upload_page(aws.s3, bucket, page), "second")
    told = cloudfront.list_invalidations(DistributionId=name)["InvalidationList"]
    assert len(told["Items"]) == 1


def test_a_run_that_broke_off_before_telling_cloudfront_leaves_it_to_the_next(aws, bucket, page, distribution):
    cloudfront, name = distribution
    upload_page(aws.s3, bucket, page)
    nothing_new = upload_page(aws.s3, bucket, page)
    assert nothing_new.sent == ()
    assert invalidate(cloudfront, aws.s3, name, bucket, nothing_new, "first")


def test_an_older_invalidation_does_not_count_for_a_newer_page(aws, bucket, page):
    class Told:
        """A CloudFront that was last told an hour ago."""

        made = 0

        def list_invalidations(self, **_: Any) -> Any:
            return {"InvalidationList": {"Items": [{"CreateTime": datetime.now(UTC) - timedelta(hours=1)}]}}

        def create_invalidation(self, **_: Any) -> None:
            self.made += 1

    told = Told()
    upload_page(aws.s3, bucket, page)
    assert invalidate(told, aws.s3, "any", bucket, PageUpload((), 2, ()), "reference")
    assert told.made == 1


@pytest.mark.parametrize("contact", ["operator@example.org", "https://example.org/contact?a=1&b=2"])
def test_the_privacy_page_names_the_operator(contact):
    check_contact(contact)
    (privacy,) = [file for file in page_files(contact) if file.name == "privacy.html"]
    shown = re.search(r'<span id="contact">(.*?)</span>', privacy.content.decode(), re.DOTALL)
    assert shown
    assert contact.replace("&", "&amp;") in shown[1]
    assert "own machine" not in shown[1]


@pytest.mark.parametrize("contact", ["", "somebody", "http://example.org", 'a@b.org"><script>', "javascript:alert(1)"])
def test_what_is_no_contact_is_refused(contact):
    with pytest.raises(DeploymentFault, match="CONTACT="):
        check_contact(contact)


# ---- The catalogue -------------------------------------------------------------------------------------------------


@pytest.fixture
def real(tmp_path: Path) -> Path:
    folder = tmp_path / "catalogue"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text(catalogue_csv([make_track(title=name, genres=("pop",))]))
    return folder


@pytest.fixture
def check(tmp_path):
    return lambda wanted: check_catalogue(str(wanted), tmp_path / "cache", no_progress)


def test_a_catalogue_is_read_whole_and_counted(check, real):
    with (real / "b.csv").open("a") as stream:
        stream.write("no track at all\n")
    checked = check(real)
    assert (checked.tracks, checked.invalid, checked.is_invented) == (2, 1, False)
    assert [file.name for file in checked.files] == ["a.csv", "b.csv"]


@pytest.mark.parametrize(("wanted", "said"), [("", "CATALOGUE=file-or-folder"), ("/no/such/place", "nothing at")])
def test_a_catalogue_that_is_not_there_is_refused(check, wanted, said):
    with pytest.raises(DeploymentFault, match=said):
        check(wanted)


def test_a_file_that_is_no_catalogue_is_refused_with_the_reason(check, tmp_path):
    (tmp_path / "notes.txt").write_text("milk, eggs\nbread, salt\n")
    with pytest.raises(DeploymentFault):
        check(tmp_path / "notes.txt")


def test_invented_tracks_are_refused_unless_asked_for_by_name(check, tmp_path):
    write_synthetic_catalogue(tmp_path / "mine.csv.gz", 50, seed=1)
    with pytest.raises(DeploymentFault, match=r"50 of the 50 tracks .* invented.*CATALOGUE=synthetic"):
        check(tmp_path / "mine.csv.gz")
    assert check("synthetic").is_invented


def test_invented_tracks_under_another_source_are_known_by_their_ids(check, tmp_path):
    write_synthetic_catalogue(tmp_path / "raw.csv", 50, seed=1)
    text = (tmp_path / "raw.csv").read_text().replace(",synthetic", ",elsewhere")
    (tmp_path / "raw.csv").write_text(text)
    with pytest.raises(DeploymentFault, match="invented"):
        check(tmp_path / "raw.csv")


def test_only_files_that_changed_are_sent(aws, bucket, check, real):
    upload = upload_catalogue(aws.s3, bucket, check(real), no_progress)
    assert (upload.sent, upload.unchanged) == (("a.csv", "b.csv"), ())
    (real / "a.csv").write_text(catalogue_csv([make_track(title="newer", genres=("pop",))]))
    again = upload_catalogue(aws.s3, bucket, check(real), no_progress)
    assert (again.sent, again.unchanged) == (("a.csv",), ("b.csv",))
    stored = aws.s3.get_object(Bucket=bucket, Key="catalogue/a.csv")["Body"].read()
    assert stored == (real / "a.csv").read_bytes()


def test_what_else_lies_there_is_told_and_left_alone(aws, bucket, check, real):
    aws.s3.put_object(Bucket=bucket, Key="catalogue/collected/one.csv", Body=b"x")
    assert upload_catalogue(aws.s3, bucket, check(real), no_progress).others == ("collected/one.csv",)
    assert "catalogue/collected/one.csv" in keys(aws, bucket)


def test_invented_tracks_make_way_for_real_ones_and_never_join_them(aws, bucket, check, real):
    upload_catalogue(aws.s3, bucket, check("synthetic"), no_progress)
    upload = upload_catalogue(aws.s3, bucket, check(real), no_progress)
    assert upload.removed == ("synthetic.csv.gz",)
    assert keys(aws, bucket) == {"catalogue/a.csv", "catalogue/b.csv"}
    with pytest.raises(DeploymentFault, match="real tracks"):
        upload_catalogue(aws.s3, bucket, check("synthetic"), no_progress)
    assert keys(aws, bucket) == {"catalogue/a.csv", "catalogue/b.csv"}


# ---- The build and health ------------------------------------------------------------------------------------------


def test_a_build_that_fails_says_why():
    functions = FakeFunctions()
    functions.fails, functions.answer = True, {"errorMessage": "The catalogue has no files."}
    with pytest.raises(DeploymentFault, match="The catalogue has no files"):
        build_index(functions, "builder")


def test_a_lost_connection_is_no_failed_build():
    functions = FakeFunctions()
    functions.fault = ReadTimeoutError(endpoint_url="https://lambda")
    assert build_index(functions, "builder") is None


def test_health_is_waited_for_until_page_and_api_answer():
    answers = [Heard(0, "no such host"), Heard(503, '{"ok": false}'), Heard(200, '{"ok": true}')]
    waited: list[float] = []

    def ask(address: str) -> Heard:
        return answers.pop(0) if address.endswith("/api/health") else Heard(200, "<!doctype html><html>")

    wait_for_health("https://page.example", ask, waited.append)
    assert (answers, len(waited)) == ([], 2)


def test_the_last_answer_is_told_when_patience_ends():
    with pytest.raises(DeploymentFault, match="503: there is no index"):
        wait_for_health("https://page.example", lambda _: Heard(503, "there is no index"), lambda _: None, 20)


def test_an_api_without_a_page_is_not_health():
    def ask(address: str) -> Heard:
        return Heard(200, "") if address.endswith("/api/health") else Heard(403, "AccessDenied")

    with pytest.raises(DeploymentFault, match="403"):
        wait_for_health("https://page.example/", ask, lambda _: None, 20)


# ---- What has to be there ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "x86_64")])
def test_another_machine_is_told_what_to_use(system, machine):
    with pytest.raises(DeploymentFault, match="Linux on x86-64"):
        check_machine(system, machine)
    check_machine("Linux", "x86_64")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (NoCredentialsError(), "Sign in"),
        (NoRegionError(), "AWS_REGION"),
        (ClientError({"Error": {"Code": "ExpiredToken", "Message": "x"}}, "Any"), "Sign in"),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "x"}}, "Any"), "may not"),
        (ClientError({"Error": {"Code": "LimitExceeded", "Message": "Too many."}}, "Any"), "Too many"),
    ],
)
def test_a_fault_of_the_sdk_says_what_to_do(fault, said):
    with pytest.raises(DeploymentFault, match=said), aws_faults("It cannot be done"):
        raise fault


def test_the_stages_are_those_of_samconfig():
    dev, prod = read_stage("dev"), read_stage("prod")
    assert (dev.table, dev.stack_name, prod.table, prod.stack_name) == (
        "default",
        "daltonify-dev",
        "prod",
        "daltonify-prod",
    )
    with pytest.raises(DeploymentFault, match="dev, prod"):
        read_stage("nowhere")


# ---- Taking it down ------------------------------------------------------------------------------------------------


@pytest.fixture
def stack(aws):
    """A stack with a bucket that stays, one that goes, and a table that stays."""
    template = {
        "Parameters": {"SpotifySecretName": {"Type": "String", "Default": "daltonify/spotify"}},
        "Resources": {
            "DataBucket": {"Type": BUCKET, "DeletionPolicy": "RetainExceptOnCreate"},
            "SiteBucket": {"Type": BUCKET, "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
            "Table": {
                "Type": TABLE,
                "DeletionPolicy": "RetainExceptOnCreate",
                "Properties": {
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                },
            },
            "Topic": {"Type": "AWS::SNS::Topic"},
        },
        "Outputs": {"SiteBucketName": {"Value": {"Ref": "SiteBucket"}}},
    }
    client = aws.client("cloudformation")
    name = f"stack-{aws.make_bucket()}"
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    found = find_stack(client, name)
    assert found is not None
    return client, found


def test_what_stays_and_what_must_be_emptied_follows_from_the_deployed_template(stack):
    client, found = stack
    held = holdings(client, found)
    assert [one.logical_id for one in held.emptied] == ["SiteBucket"]
    assert {one.logical_id for one in held.kept} == {"DataBucket", "Table"}
    assert found.parameters == {"SpotifySecretName": "daltonify/spotify"}


def test_a_bucket_is_emptied_of_all_versions(aws, bucket):
    for content in (b"1", b"2"):
        aws.s3.put_object(Bucket=bucket, Key="x", Body=content)
    aws.s3.delete_object(Bucket=bucket, Key="x")
    assert empty_bucket(aws.s3, bucket) == 3
    aws.s3.delete_bucket(Bucket=bucket)


def test_a_stack_is_gone_when_the_command_returns(stack):
    client, found = stack
    delete_stack(client, found, lambda _: None)
    assert find_stack(client, found.name) is None


class Stubborn:
    """CloudFormation with a stack that cannot be deleted."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def delete_stack(self, **_: Any) -> None:
        pass

    def describe_stacks(self, **_: Any) -> Any:
        one = {"StackName": self._found.name, "StackId": self._found.stack_id, "StackStatus": "DELETE_FAILED"}
        return {"Stacks": [one]}

    def describe_stack_events(self, **_: Any) -> Any:
        events = [
            {"LogicalResourceId": "SiteBucket", "ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": "not empty"},
            {"LogicalResourceId": "Topic", "ResourceStatus": "DELETE_COMPLETE"},
        ]
        return {"StackEvents": events}


def test_what_keeps_a_stack_from_going_is_named(stack):
    with pytest.raises(DeploymentFault, match=r"SiteBucket \(not empty\)"):
        delete_stack(Stubborn(stack[1]), stack[1], lambda _: None)


def test_what_was_kept_can_be_deleted_for_good(aws, bucket):
    aws.s3.put_object(Bucket=bucket, Key="x", Body=b"1")
    table, secret = aws.make_table(), aws.make_secret("NEVERLOGME")
    account = FakeAccount({"s3": aws.s3, "dynamodb": aws.dynamodb, "secretsmanager": aws.secrets_manager})
    said = [erase(account, Resource(*one)) for one in ((BUCKET, "", bucket), (TABLE, "", table), (SECRET, "", secret))]
    assert bucket in said[0]
    assert "30 days" in said[2]
    assert table not in aws.dynamodb.list_tables()["TableNames"]
    with pytest.raises(aws.s3.exceptions.ClientError):
        aws.s3.head_bucket(Bucket=bucket)


# ---- Access codes --------------------------------------------------------------------------------------------------


def test_a_new_code_joins_those_that_are_there_and_touches_nothing_else():
    store = MemorySecretStore({"arn": {"edit_token_key": "NEVERLOGME-key", "access_codes": "NEVERLOGME-old"}})
    code = add_access_code(store, "arn")
    values = store.read("arn")
    assert values["access_codes"].split() == ["NEVERLOGME-old", code]
    assert values["edit_token_key"] == "NEVERLOGME-key"
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", code)
    assert add_access_code(store, "arn") != code


def test_without_the_secret_it_says_which_is_missing():
    with pytest.raises(DeploymentFault, match="nowhere"):
        add_access_code(MemorySecretStore({}), "nowhere")
