"""Buckets, the table and secrets: what is kept, for how long, and who reads it."""

import json

from daltonify_core.use_cases.submit_audio import AudioSettings
from tests.template.promises.registry import promise
from tests.template.transformed import Transformed

BUCKETS = {"DataBucket", "AudioBucket", "SiteBucket"}
MUST_OUTLIVE_THE_STACK = (
    *("DataBucket", "DataBucketPolicy", "AudioBucket", "AudioBucketPolicy", "Table", "PublishingSecret"),
)
# What `make deploy` can make again, or what is made anew with the stack.
GO_WITH_THE_STACK = ("SiteBucket", "OriginSecret")


def rules_of(template: Transformed, bucket: str) -> list[dict[str, object]]:
    rules: list[dict[str, object]] = template[bucket]["LifecycleConfiguration"]["Rules"]
    return rules


@promise
def there_are_three_buckets_and_all_are_private(template: Transformed) -> None:
    assert template.of_type("AWS::S3::Bucket").keys() == BUCKETS
    for bucket in template.of_type("AWS::S3::Bucket").values():
        assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(
            ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"], True
        )
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        assert "WebsiteConfiguration" not in bucket


@promise
def every_bucket_is_encrypted(template: Transformed) -> None:
    for bucket in template.of_type("AWS::S3::Bucket").values():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


@promise
def every_bucket_answers_over_tls_only(template: Transformed) -> None:
    for name in template.of_type("AWS::S3::Bucket"):
        policy = template[f"{name}Policy"]
        assert policy["Bucket"] == {"Ref": name}
        (statement,) = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Deny"]
        assert (statement["Principal"], statement["Action"]) == ("*", "s3:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert statement["Resource"] == [{"Fn::GetAtt": f"{name}.Arn"}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


@promise
def no_bucket_lets_anybody_in_but_the_distribution_into_the_page(template: Transformed) -> None:
    assert template.of_type("AWS::S3::BucketPolicy").keys() == {f"{name}Policy" for name in BUCKETS}
    for name, policy in template.of_type("AWS::S3::BucketPolicy").items():
        allowed = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
        assert bool(allowed) == (name == "SiteBucketPolicy")


@promise
def catalogues_and_indexes_are_kept_in_versions(template: Transformed) -> None:
    assert template["DataBucket"]["VersioningConfiguration"] == {"Status": "Enabled"}


@promise
def no_lifecycle_rule_touches_what_is_current(template: Transformed) -> None:
    harmless = {"Id", "Status", "Prefix", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"}
    for rule in rules_of(template, "DataBucket"):
        assert rule.keys() <= harmless
    assert "LifecycleConfiguration" not in template["SiteBucket"]


@promise
def older_versions_and_broken_uploads_do_not_pile_up(template: Transformed) -> None:
    rules = rules_of(template, "DataBucket")
    assert all(rule["Status"] == "Enabled" for rule in rules)
    kept = {rule["Prefix"]: rule["NoncurrentVersionExpiration"] for rule in rules if "Prefix" in rule}
    assert kept == {"catalogue/": {"NoncurrentDays": 30}, "index/": {"NoncurrentDays": 7}}
    (aborted,) = [one["AbortIncompleteMultipartUpload"] for one in rules if "AbortIncompleteMultipartUpload" in one]
    assert aborted == {"DaysAfterInitiation": 1}


@promise
def a_clip_that_was_removed_is_gone(template: Transformed) -> None:
    assert "VersioningConfiguration" not in template["AudioBucket"]


@promise
def a_clip_that_nobody_removes_expires(template: Transformed) -> None:
    (rule,) = rules_of(template, "AudioBucket")
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 1)
    # The folder that the API may write to is the one that is emptied.
    written = f"${{AudioBucket.Arn}}/{rule['Prefix']}*"
    assert ("s3:PutObject", written) in template.grants(template.role_of("Api"))


@promise
def what_cannot_be_made_again_outlives_the_stack(template: Transformed) -> None:
    for name in MUST_OUTLIVE_THE_STACK:
        assert template.resources[name]["DeletionPolicy"] in ("Retain", "RetainExceptOnCreate")
        assert template.resources[name]["UpdateReplacePolicy"] == "Retain"


@promise
def what_can_be_made_again_does_not_stay_behind(template: Transformed) -> None:
    for name in GO_WITH_THE_STACK:
        assert template.resources[name].get("DeletionPolicy", "Delete") == "Delete"
    # In a bucket with versions they would have to be removed one by one.
    assert "VersioningConfiguration" not in template["SiteBucket"]


@promise
def the_table_has_the_keys_that_the_adapter_uses_and_costs_nothing_when_idle(template: Transformed) -> None:
    keys = {key["AttributeName"]: key["KeyType"] for key in template["Table"]["KeySchema"]}
    assert keys == {"pk": "HASH", "sk": "RANGE"}
    assert template["Table"]["BillingMode"] == "PAY_PER_REQUEST"


@promise
def the_table_forgets_what_has_expired(template: Transformed) -> None:
    assert template["Table"]["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert AudioSettings().record_lasts.total_seconds() > 0


@promise
def the_table_can_be_put_back_to_any_second(template: Transformed) -> None:
    assert template["Table"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@promise
def no_secret_stands_in_the_template(template: Transformed) -> None:
    for secret in template.of_type("AWS::SecretsManager::Secret").values():
        assert "SecretString" not in secret
        assert secret["GenerateSecretString"]["PasswordLength"] >= 32
        # Neither a header nor a signature minds letters and digits.
        assert secret["GenerateSecretString"]["ExcludePunctuation"] is True


@promise
def secrets_are_named_to_functions_and_never_given(template: Transformed) -> None:
    for function in template.functions.values():
        for variable, value in function["Environment"]["Variables"].items():
            if variable.endswith("_SECRET"):
                assert value.keys() == {"Ref"}
    variables = template["Api"]["Environment"]["Variables"]
    assert {key: one["Ref"] for key, one in variables.items() if key.endswith("_SECRET")} == {
        "PUBLISHING_SECRET": "PublishingSecret",
        "SPOTIFY_SECRET": "SpotifySecretName",
        "ORIGIN_SECRET": "OriginSecret",
    }


@promise
def cloudfront_alone_is_given_a_secrets_value(template: Transformed) -> None:
    # It has to know it itself; anything else would show it to whoever may read settings.
    assert "resolve:" in json.dumps(template["Distribution"])
    assert "resolve:" not in json.dumps(
        {name: one for name, one in template.resources.items() if name != "Distribution"}
    )
    assert "resolve:" not in json.dumps(template.values["Outputs"])


@promise
def the_publishing_secret_begins_with_nobody_who_may_publish(template: Transformed) -> None:
    generated = template["PublishingSecret"]["GenerateSecretString"]
    assert json.loads(generated["SecretStringTemplate"]) == {"access_codes": ""}
    assert generated["GenerateStringKey"] == "edit_token_key"
