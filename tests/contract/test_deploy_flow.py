"""`make deploy` and `make destroy` from the first step to the last, with a local AWS in place of the real one."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from daltonify_core.ports.surroundings import Progress, no_progress
from infra.cli.stack import find_stack
from infra.local.deploy import deployment
from infra.local.deploy.faults import DeploymentFault
from infra.local.deploy.page import page_files
from infra.local.deploy.removal import BUCKET, Resource
from infra.local.deploy.service import Heard
from infra.local.deploy.stages import Stage
from infra.local.deploy.steps import Steps
from tests.builders import make_track
from tests.catalogues import catalogue_csv
from tests.fakes.fake_account import FakeAccount, FakeFunctions

CONTACT = "operator@example.org"
PAGE = "https://page.example"


@contextmanager
def no_bars() -> Iterator[Progress]:
    yield no_progress


class Machine:
    """An operator's machine and account. ``sam deploy`` makes a stack on the local AWS and remembers its parameters."""

    def __init__(self, aws: Any, folder: Path) -> None:
        self.aws = aws
        self.stage = Stage("dev", "default", f"daltonify-{aws.make_bucket()}", {"Stage": "dev"})
        self.data, self.functions = aws.make_bucket(), FakeFunctions()
        self.cloudformation = aws.client("cloudformation")
        self.cloudfront = aws.client("cloudfront")
        self.account: Any = FakeAccount(
            {
                "s3": aws.s3,
                "cloudformation": self.cloudformation,
                "cloudfront": self.cloudfront,
                "lambda": self.functions,
                "dynamodb": aws.dynamodb,
                "secretsmanager": aws.secrets_manager,
            }
        )
        self.distribution = self._make_distribution()
        self.commands: list[list[str]] = []
        self.sleep: Callable[[float], object] = lambda _: None
        self.breaks_at = ""
        self.confirms = True
        self.is_healthy = True
        self.cache = folder / "cache"
        self.typed: list[str] = []
        self.told = io.StringIO()
        self.catalogue = folder / "tracks.csv"
        self.catalogue.write_text(catalogue_csv([make_track(genres=("pop",))]))

    def deploy(self, catalogue: str | None = None, contact: str = CONTACT, alarm_email: str = "") -> None:
        wanted = str(self.catalogue) if catalogue is None else catalogue
        wishes = deployment.Wishes(self.stage, wanted, contact, alarm_email)
        deployment.deploy(wishes, lambda: self.account, self.steps(), self.tools())

    def destroy(self, *answers: str) -> None:
        deployment.destroy(self.stage, lambda: self.account, self._confirm(answers), self.steps(), self.tools())

    def erase(self, resources: Any, *answers: str) -> None:
        confirm = self._confirm(answers)
        deployment.erase_kept(self.stage, resources, lambda: self.account, confirm, self.steps())

    def steps(self) -> Steps:
        self.told = io.StringIO()
        return Steps(Console(file=self.told, width=200), no_bars)

    def tools(self) -> deployment.Tools:
        return deployment.Tools(self.sleep, self._run, self._ask, self.cache, lambda: "sam")

    def keys(self, bucket: str) -> set[str]:
        return {entry["Key"] for entry in self.aws.s3.list_objects_v2(Bucket=bucket).get("Contents", [])}

    def site(self) -> str:
        stack = find_stack(self.cloudformation, self.stage.stack_name)
        assert stack is not None
        return stack.output("SiteBucketName")

    def invalidations(self) -> int:
        told = self.cloudfront.list_invalidations(DistributionId=self.distribution)["InvalidationList"]
        return len(told.get("Items", []))

    def _run(self, command: Sequence[str]) -> None:
        self.commands.append(list(command))
        if self.breaks_at and self.breaks_at in command:
            raise DeploymentFault(f"{self.breaks_at} broke off")
        if "deploy" in command:
            given = dict(pair.split("=", 1) for pair in command[command.index("--parameter-overrides") + 1 :])
            self._make_stack(given)

    def _make_stack(self, given: dict[str, str]) -> None:
        outputs = {
            "PageUrl": PAGE,
            "SiteBucketName": {"Ref": "SiteBucket"},
            "DistributionId": self.distribution,
            "DataBucketName": self.data,
            "BuildIndexName": "builder",
        }
        template = {
            "Parameters": {"OperatorContact": {"Type": "String"}, "AlarmEmail": {"Type": "String", "Default": ""}},
            "Resources": {
                "SiteBucket": {"Type": "AWS::S3::Bucket"},
                "KeptBucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "RetainExceptOnCreate"},
            },
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        known = {name: value for name, value in given.items() if name in ("OperatorContact", "AlarmEmail")}
        arguments = {
            "StackName": self.stage.stack_name,
            "TemplateBody": json.dumps(template),
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in known.items()],
        }
        is_new = find_stack(self.cloudformation, self.stage.stack_name) is None
        if not self.confirms:
            # What SAM leaves behind, with success, when its question is answered with no.
            kind: Any = "CREATE" if is_new else "UPDATE"
            self.cloudformation.create_change_set(**arguments, ChangeSetName="asked", ChangeSetType=kind)
        elif is_new:
            self.cloudformation.create_stack(**arguments)
        else:
            self.cloudformation.update_stack(**arguments)

    def _make_distribution(self) -> str:
        origin = {"Id": "site", "DomainName": "site.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        made = self.cloudfront.create_distribution(
            DistributionConfig={
                "CallerReference": self.data,
                "Comment": "",
                "Enabled": True,
                "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "redirect-to-https"},
            }
        )
        return str(made["Distribution"]["Id"])

    def _ask(self, address: str) -> Heard:
        if not self.is_healthy:
            return Heard(503, "there is no index")
        return Heard(200, '{"ok": true}' if address.endswith("/api/health") else "<html></html>")

    def _confirm(self, answers: Sequence[str]) -> Any:
        left = list(answers)

        def confirm(question: str) -> str:
            self.typed.append(question)
            return left.pop(0)

        return confirm


@pytest.fixture
def machine(aws, tmp_path, monkeypatch) -> Machine:
    monkeypatch.setattr(deployment, "check_machine", lambda: None)
    return Machine(aws, tmp_path)


def test_from_nothing_to_a_service_that_answers(machine):
    machine.deploy()
    build, sam = machine.commands
    assert build == ["infra/local/build.sh"]
    assert " --config-env default --region eu-central-1 " in " ".join(sam)
    assert {"Stage=dev", f"OperatorContact={CONTACT}", "SpotifyLogo=none"} <= set(sam)
    assert {"index.html", "privacy.html", "app.js", "views/list.js"} <= machine.keys(machine.site())
    assert machine.keys(machine.data) == {"catalogue/tracks.csv"}
    assert machine.functions.invoked == ["builder"]
    assert machine.invalidations() == 1
    told = machine.told.getvalue()
    for promised in ("123456789012", "eu-central-1", PAGE, "http://127.0.0.1:8888/callback", "daltonify login"):
        assert promised in told


def test_the_page_that_is_uploaded_names_the_operator(machine):
    machine.deploy()
    page = machine.aws.s3.get_object(Bucket=machine.site(), Key="privacy.html")["Body"].read().decode()
    assert f"mailto:{CONTACT}" in page


def test_a_second_run_changes_nothing_and_needs_no_contact(machine):
    machine.deploy()
    machine.deploy(contact="")
    assert f"OperatorContact={CONTACT}" in machine.commands[-1]
    assert machine.invalidations() == 1
    assert "0 sent" in machine.told.getvalue()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"contact": ""}, "CONTACT="),
        ({"catalogue": ""}, "CATALOGUE="),
        ({"alarm_email": "me and you"}, "ALARM_EMAIL"),
        ({"catalogue": "/no/such/file"}, "nothing at"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_built(machine, arguments, said):
    with pytest.raises(DeploymentFault, match=said):
        machine.deploy(**arguments)
    assert machine.commands == []


@pytest.mark.parametrize("arguments", [{"contact": "me"}, {"alarm_email": "me"}, {"catalogue": "/no/such/file"}])
def test_what_is_wrong_in_itself_is_said_before_anybody_signs_in(machine, arguments):
    wishes = deployment.Wishes(
        machine.stage, **{"catalogue": str(machine.catalogue), "contact": CONTACT, "alarm_email": "", **arguments}
    )

    def sign_in() -> Any:
        raise AssertionError("nobody was to be asked")

    with pytest.raises(DeploymentFault):
        deployment.deploy(wishes, sign_in, machine.steps(), machine.tools())


def test_without_a_catalogue_an_update_leaves_the_one_that_is_there(machine):
    machine.deploy()
    before = machine.aws.s3.head_object(Bucket=machine.data, Key="catalogue/tracks.csv")
    machine.deploy(catalogue="", contact="")
    assert machine.aws.s3.head_object(Bucket=machine.data, Key="catalogue/tracks.csv")["ETag"] == before["ETag"]
    assert "stays as it is" in machine.told.getvalue()
    assert machine.functions.invoked == ["builder", "builder"]


def test_where_no_catalogue_was_uploaded_yet_one_must_be_named(machine):
    machine.deploy()
    machine.aws.s3.delete_object(Bucket=machine.data, Key="catalogue/tracks.csv")
    with pytest.raises(DeploymentFault, match="CATALOGUE="):
        machine.deploy(catalogue="")


def test_invented_tracks_that_would_join_real_ones_are_refused_before_anything_changes(machine):
    machine.deploy()
    machine.commands.clear()
    with pytest.raises(DeploymentFault, match="real tracks"):
        machine.deploy(catalogue="synthetic")
    assert machine.commands == []
    assert machine.keys(machine.data) == {"catalogue/tracks.csv"}


def test_changes_that_nobody_confirmed_upload_nothing(machine):
    machine.deploy()
    machine.catalogue.write_text(catalogue_csv([make_track(title="newer", genres=("pop",))]))
    machine.confirms = False
    with pytest.raises(DeploymentFault, match="not confirmed"):
        machine.deploy(contact="other@example.org")
    page = machine.aws.s3.get_object(Bucket=machine.site(), Key="privacy.html")["Body"].read().decode()
    assert f"mailto:{CONTACT}" in page
    assert machine.functions.invoked == ["builder"]


def test_a_first_deployment_that_nobody_confirmed_is_no_service(machine):
    machine.confirms = False
    with pytest.raises(DeploymentFault, match="not confirmed"):
        machine.deploy()
    assert machine.keys(machine.data) == set()
    machine.account.replace("cloudformation", Busy(machine.cloudformation, ["REVIEW_IN_PROGRESS"] * 2))
    machine.destroy(machine.stage.stack_name)
    assert find_stack(machine.cloudformation, machine.stage.stack_name) is None


class Unreliable:
    """S3 that takes some objects and then fails once."""

    def __init__(self, client: Any, takes: int) -> None:
        self._client = client
        self._takes = takes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_object(self, **arguments: Any) -> Any:
        self._takes -= 1
        if self._takes == -1:
            raise ClientError(
                {"Error": {"Code": "SlowDown", "Message": "Please reduce your request rate."}}, "PutObject"
            )
        return self._client.put_object(**arguments)


def files_of_the_page() -> int:
    return len(page_files(CONTACT))


@pytest.mark.parametrize("takes", [0, 5, files_of_the_page() - 1, files_of_the_page()])
def test_an_upload_that_breaks_off_anywhere_is_brought_to_its_end_by_the_next_run(machine, takes):
    machine.account.replace("s3", Unreliable(machine.aws.s3, takes))
    with pytest.raises(DeploymentFault, match="reduce your request rate"):
        machine.deploy()
    assert machine.functions.invoked == []
    # HTML comes last, so no page is there whose parts are not.
    assert takes >= files_of_the_page() - 2 or "index.html" not in machine.keys(machine.site())
    machine.deploy(contact="")
    assert machine.keys(machine.site()) == {file.name for file in page_files(CONTACT)}
    assert machine.keys(machine.data) == {"catalogue/tracks.csv"}
    assert machine.functions.invoked == ["builder"]
    assert machine.invalidations() == 1


def test_a_run_that_was_killed_right_after_the_stack_is_brought_to_its_end_by_the_next(machine):
    def killed(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    machine.account.replace("s3", Unreliable(machine.aws.s3, 1_000))
    machine.account.client("s3").put_object = killed
    with pytest.raises(KeyboardInterrupt):
        machine.deploy()
    machine.account.replace("s3", machine.aws.s3)
    machine.deploy(contact="")
    assert "index.html" in machine.keys(machine.site())
    assert machine.keys(machine.data) == {"catalogue/tracks.csv"}


def test_health_that_never_comes_is_a_fault_with_its_last_words_and_the_next_run_doubles_nothing(machine):
    machine.is_healthy = False
    with pytest.raises(DeploymentFault, match="there is no index"):
        machine.deploy()
    machine.is_healthy = True
    machine.deploy(contact="")
    assert "0 sent, 1 unchanged" in machine.told.getvalue()
    assert machine.invalidations() == 1


@pytest.mark.parametrize(
    ("status", "advice"), [("DELETE_FAILED", "make destroy"), ("UPDATE_ROLLBACK_FAILED", "Continue update rollback")]
)
def test_a_stack_that_cannot_be_updated_says_what_leads_out(machine, status, advice):
    machine.deploy()
    machine.commands.clear()
    machine.account.replace("cloudformation", Busy(machine.cloudformation, [status]))
    with pytest.raises(DeploymentFault, match=advice):
        machine.deploy()
    assert machine.commands == []


def test_an_interrupted_run_goes_on_where_it_stopped(machine):
    machine.functions.fails, machine.functions.answer = True, {"errorMessage": "Out of memory."}
    with pytest.raises(DeploymentFault, match="Out of memory"):
        machine.deploy()
    machine.functions.fails, machine.functions.answer = False, {"version": "v", "tracks": 1}
    machine.deploy(contact="")
    assert "0 sent" in machine.told.getvalue()
    assert machine.keys(machine.data) == {"catalogue/tracks.csv"}


class Busy:
    """CloudFormation whose stack is still at work when it is looked at for the first times."""

    def __init__(self, client: Any, statuses: Sequence[str]) -> None:
        self._client = client
        self._left = list(statuses)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_stacks(self, **arguments: Any) -> Any:
        found = self._client.describe_stacks(**arguments)
        if self._left:
            found["Stacks"][0]["StackStatus"] = self._left.pop(0)
        return found


def test_what_an_interrupted_run_left_at_work_is_waited_for(machine):
    machine.deploy()
    busy = Busy(machine.cloudformation, ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"])
    machine.account.replace("cloudformation", busy)
    waited: list[float] = []
    machine.sleep = waited.append
    machine.deploy(contact="")
    assert len(waited) == 2


def test_what_a_failed_first_deployment_left_is_removed_before_the_next(machine):
    machine.deploy()
    machine.account.replace("cloudformation", Busy(machine.cloudformation, ["ROLLBACK_COMPLETE"]))
    machine.deploy()
    assert "The first deployment failed" in machine.told.getvalue()
    assert find_stack(machine.cloudformation, machine.stage.stack_name) is not None


def test_a_failed_deployment_uploads_nothing(machine):
    machine.breaks_at = "deploy"
    with pytest.raises(DeploymentFault, match="broke off"):
        machine.deploy()
    assert machine.keys(machine.data) == set()


def test_the_address_for_alarms_is_a_parameter_only_when_it_was_given(machine):
    machine.deploy()
    assert not any(word.startswith("AlarmEmail=") for word in machine.commands[-1])
    machine.deploy(alarm_email="alarm@example.org")
    assert "AlarmEmail=alarm@example.org" in machine.commands[-1]


def test_an_endpoint_that_is_not_aws_is_told(machine):
    machine.account.endpoint_url = "http://127.0.0.1:4566"
    machine.deploy()
    assert "not AWS itself" in machine.told.getvalue()


def test_destroying_empties_what_goes_and_says_how_to_delete_what_stays(machine):
    machine.deploy()
    site = machine.site()
    machine.destroy(machine.stage.stack_name)
    assert find_stack(machine.cloudformation, machine.stage.stack_name) is None
    buckets = {bucket["Name"] for bucket in machine.aws.s3.list_buckets()["Buckets"]}
    assert site not in buckets
    told = machine.told.getvalue()
    assert "kept: KeptBucket" in told
    assert "infra.local.deploy erase --stage dev --bucket" in told


def test_without_its_name_nothing_is_deleted(machine):
    machine.deploy()
    with pytest.raises(DeploymentFault, match="nothing was deleted"):
        machine.destroy("yes")
    assert "index.html" in machine.keys(machine.site())


def test_destroying_what_is_not_there_says_so_and_how_to_find_what_was_kept(machine):
    machine.destroy()
    assert "no such stack" in machine.told.getvalue()
    assert "Stage=dev" in machine.told.getvalue()


def test_destroying_again_after_an_interruption_asks_nothing_and_still_says_what_is_kept(machine):
    machine.deploy()
    machine.account.replace("cloudformation", Busy(machine.cloudformation, ["DELETE_IN_PROGRESS"] * 2))
    machine.destroy()
    assert machine.typed == []
    assert find_stack(machine.cloudformation, machine.stage.stack_name) is None
    assert "infra.local.deploy erase --stage dev --bucket" in machine.told.getvalue()


def test_what_was_kept_goes_only_when_the_stack_is_gone_and_its_name_is_typed(machine):
    machine.deploy()
    resource = Resource(BUCKET, "", machine.data)
    with pytest.raises(DeploymentFault, match="still uses"):
        machine.erase([resource], machine.data)
    machine.destroy(machine.stage.stack_name)
    with pytest.raises(DeploymentFault, match="nothing was deleted"):
        machine.erase([resource], "no")
    machine.erase([resource], machine.data)
    assert machine.data not in {bucket["Name"] for bucket in machine.aws.s3.list_buckets()["Buckets"]}
