"""What each role may do in the bucket: what the store's code asks for, and nothing else."""

from __future__ import annotations

import json
import re

import pytest

from creative import offering
from creative.rehearsals import FOLDER
from tests.infra.iam import BUCKET, KEY, NAMES, POLICIES, PREFIX, allowed, statements
from tests.infra.reading import ROOT, documents

SHA = "ab" + "0" * 62
BLOB, RECEIPT = f"blobs/ab/{SHA}", f"receipts/ab/{SHA}.json"
FAILURE, ATTEMPT = f"failures/ab/{SHA}.json", f"attempts/ab/{SHA}/0000.json"
ENTRY, CELLS, MARK = "campaigns/autumn/log/0000000001.json", f"campaigns/autumn/cells/{SHA}.json.gz", "logs/autumn"
RIGHTS = "rights/log/0000000001.json"
AD, REVIEW = "published/autumn/commuters/story.jpg", f"published/{offering.TOP}/autumn/sheet.html"
ALL = ("store.json", BLOB, RECEIPT, FAILURE, ATTEMPT, ENTRY, CELLS, MARK, AD, REVIEW, RIGHTS)

ACTIONS = {
    "head_object": "s3:GetObject",
    "get_object": "s3:GetObject",
    "put_object": "s3:PutObject",
    "copy_object": "s3:PutObject",  # and GetObject on the source
    "create_multipart_upload": "s3:PutObject",
    "upload_part": "s3:PutObject",
    "upload_part_copy": "s3:PutObject",
    "complete_multipart_upload": "s3:PutObject",
    "abort_multipart_upload": "s3:AbortMultipartUpload",
    "delete_object": "s3:DeleteObject",
    "list_objects_v2": "s3:ListBucket",
    "list_multipart_uploads": "s3:ListBucketMultipartUploads",
}
"""The rights that S3's operations ask for (AWS Service Authorization Reference)."""


def operations() -> set[str]:
    """The operations of boto3's client that the store calls."""
    text = "".join(path.read_text("utf-8") for path in (ROOT / "creative" / "store").glob("s3*.py"))
    verbs = "head|get|put|copy|create|upload|complete|abort|delete|list"
    found = set(re.findall(rf'"((?:{verbs})_[a-z0-9_]+)"', text))
    return found | set(re.findall(rf"\.client\.((?:{verbs})_[a-z0-9_]+)\(", text))


def may(role: str, action: str, name: str, **keys: str) -> bool:
    return allowed(statements(role), action, f"{BUCKET}/{PREFIX}/{name}", keys)


def test_every_operation_of_the_store_is_known_here() -> None:
    assert operations() == ACTIONS.keys()


def test_the_driver_may_do_what_the_store_does() -> None:
    for name in ALL:
        for action in ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"):
            assert may("driver", action, name), (action, name)
    for operation, action in ACTIONS.items():
        if operation.startswith("list_"):
            assert allowed(statements("driver"), action, BUCKET, {"s3:prefix": f"{PREFIX}/receipts/"})
        else:
            assert may("driver", action, BLOB), operation
    for name in (BLOB, RECEIPT, FAILURE, AD, REVIEW, "doctor/123"):
        assert may("driver", "s3:DeleteObject", name), name


def test_nobody_may_delete_what_happened() -> None:
    for role in ("driver", "worker", "ad-server"):
        for name in ("store.json", ENTRY, CELLS, MARK, ATTEMPT, RIGHTS):
            assert not may(role, "s3:DeleteObject", name)
        for action in (
            "s3:DeleteObjectVersion",
            "s3:PutBucketPolicy",
            "s3:PutObjectAcl",
            "s3:DeleteBucket",
            "s3:PutLifecycleConfiguration",
        ):
            assert not may(role, action, BLOB) and not allowed(statements(role), action, BUCKET)


def test_the_worker_makes_and_reads_parts_only() -> None:
    for name in (BLOB, RECEIPT, FAILURE, ATTEMPT):
        for action in ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"):
            assert may("worker", action, name), (action, name)
    assert may("worker", "s3:GetObject", "store.json"), "it opens the store"
    for name in ALL:
        assert not may("worker", "s3:DeleteObject", name)
    assert may("worker", "s3:GetObject", RIGHTS), "it asks for consents"
    for name in ("store.json", ENTRY, CELLS, MARK, AD, REVIEW, RIGHTS):
        assert not may("worker", "s3:PutObject", name), name
    for name in (ENTRY, CELLS, AD):
        assert not may("worker", "s3:GetObject", name), name


def test_workers_read_weights_beside_the_store_and_put_none_there() -> None:
    file = f"{BUCKET}/{PREFIX}-models/{BLOB}"
    assert allowed(statements("worker"), "s3:GetObject", file, {})
    assert allowed(statements("worker"), "s3:ListBucket", BUCKET, {"s3:prefix": f"{PREFIX}-models/models/"})
    assert not allowed(statements("worker"), "s3:PutObject", file, {})
    for role in ("driver", "worker"):
        assert not allowed(statements(role), "s3:DeleteObject", file, {})
    assert not allowed(statements("ad-server"), "s3:GetObject", file, {})


@pytest.mark.parametrize("role", ["driver", "worker"])
def test_listing_keeps_to_the_store_and_a_missing_object_is_404(role: str) -> None:
    policy = statements(role)
    for prefix in (PREFIX, f"{PREFIX}/", f"{PREFIX}/receipts/ab/"):
        assert allowed(policy, "s3:ListBucket", BUCKET, {"s3:prefix": prefix})
    assert not allowed(policy, "s3:ListBucket", BUCKET, {"s3:prefix": "other/"})
    assert not allowed(policy, "s3:ListBucket", BUCKET, {"s3:prefix": f"{PREFIX}-two/"})
    # S3 answers 403 for a missing object to whoever may not list; such a request has no s3:prefix.
    assert allowed(policy, "s3:ListBucket", BUCKET, {})


@pytest.mark.parametrize("role", ["driver", "worker"])
def test_other_prefixes_and_buckets_are_out_of_reach(role: str) -> None:
    for action in set(ACTIONS.values()):
        for resource in (
            f"{BUCKET}/other/{BLOB}",
            f"{BUCKET}/{PREFIX}-two/{BLOB}",
            f"{BUCKET}-two/{PREFIX}/{BLOB}",
            f"{BUCKET}-two",
        ):
            assert not allowed(statements(role), action, resource, {"s3:prefix": f"{PREFIX}/"}), (action, resource)


@pytest.mark.parametrize("policy", ["ad-server", "bucket-ad-server"])
def test_ad_servers_read_published_ads_and_nothing_else(policy: str) -> None:
    assert may(policy, "s3:GetObject", AD)
    for name in ALL:
        if name != AD:
            assert not may(policy, "s3:GetObject", name), name
        for action in set(ACTIONS.values()) - {"s3:GetObject"}:
            assert not may(policy, action, name)
    assert not may(policy, "s3:GetObject", f"published/{FOLDER}/autumn/commuters/story.jpg"), "a rehearsal is no ad"
    assert not allowed(statements(policy), "s3:ListBucket", BUCKET)


def test_the_bucket_wants_tls() -> None:
    policy = [*statements("driver"), *statements("bucket-tls")]
    where = f"{BUCKET}/{PREFIX}/{BLOB}"
    assert allowed(policy, "s3:GetObject", where, {"aws:SecureTransport": "true"})
    assert not allowed(policy, "s3:GetObject", where, {"aws:SecureTransport": "false"})


def test_what_is_written_once_is_only_ever_created() -> None:
    for role in ("driver", "worker"):
        policy = [*statements(role), *statements("bucket-append-only")]
        for name in (ENTRY, CELLS, MARK, RECEIPT, RIGHTS, "store.json"):
            where = f"{BUCKET}/{PREFIX}/{name}"
            assert not allowed(policy, "s3:PutObject", where), name
            created = allowed(policy, "s3:PutObject", where, {"s3:if-none-match": "*"})
            assert created == may(role, "s3:PutObject", name)
        for name in (BLOB, FAILURE):  # a damaged blob is replaced
            assert allowed(policy, "s3:PutObject", f"{BUCKET}/{PREFIX}/{name}")


def test_the_store_creates_named_objects_conditionally() -> None:
    """Else the policy above would refuse them."""
    text = (ROOT / "creative" / "store" / "s3_uploads.py").read_text("utf-8")
    assert '{"IfNoneMatch": "*"}' in text and "if if_absent" in text


def test_the_key_is_used_through_s3_only() -> None:
    policy = statements("kms")
    through = {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        assert allowed(policy, action, KEY, through)
        assert not allowed(policy, action, KEY)
    for action in ("kms:Encrypt", "kms:ScheduleKeyDeletion", "kms:PutKeyPolicy"):
        assert not allowed(policy, action, KEY, through)


def test_no_policy_has_a_wildcard_for_actions_or_everything() -> None:
    for path in POLICIES.glob("*.tftpl"):
        for statement in statements(path.name.removesuffix(".json.tftpl")):
            if statement["Effect"] == "Allow":
                assert "*" not in json.dumps(statement["Action"])
                # To describe machines is to see all of them: EC2 knows no narrower right.
                assert statement["Resource"] != "*" or "ec2:Describe" in json.dumps(statement["Action"])
                assert statement.get("Principal") != "*"


EC2 = "arn:aws:ec2:eu-central-1:111122223333"


def test_the_head_starts_and_ends_machines_of_its_own_cluster_only() -> None:
    policy = statements("launch")
    machine, tag = f"{EC2}:instance/i-1", "ray-cluster-name"
    for name, ours in (("creative-farm", True), ("billing", False)):
        assert allowed(policy, "ec2:RunInstances", machine, {f"aws:RequestTag/{tag}": name}) == ours
        for action in ("ec2:TerminateInstances", "ec2:CreateTags"):
            assert allowed(policy, action, machine, {f"ec2:ResourceTag/{tag}": name}) == ours
    assert not allowed(policy, "ec2:RunInstances", machine) and not allowed(policy, "ec2:TerminateInstances", machine)
    assert allowed(policy, "ec2:CreateTags", machine, {"ec2:CreateAction": "RunInstances"})
    for part in ("subnet/s", "volume/v", "security-group/g", "network-interface/n", "key-pair/k"):
        assert allowed(policy, "ec2:RunInstances", f"{EC2}:{part}")
    for action in ("ec2:StopInstances", "ec2:AuthorizeSecurityGroupIngress", "iam:CreateRole", "ec2:CreateKeyPair"):
        assert not allowed(policy, action, machine)


def test_the_head_passes_the_workers_role_on_and_no_other() -> None:
    policy, to_ec2 = statements("launch"), {"iam:PassedToService": "ec2.amazonaws.com"}
    assert allowed(policy, "iam:PassRole", "arn:aws:iam::111122223333:role/creative-farm-worker", to_ec2)
    assert not allowed(policy, "iam:PassRole", "arn:aws:iam::111122223333:role/creative-farm-worker")
    assert not allowed(policy, "iam:PassRole", "arn:aws:iam::111122223333:role/admin", to_ec2)


def test_the_registrys_password_is_one_secret() -> None:
    policy, secrets = statements("launch"), "arn:aws:secretsmanager:eu-central-1:111122223333:secret"
    action = "secretsmanager:GetSecretValue"
    assert allowed(policy, action, f"{secrets}:creative-farm/registry-AbCdEf")
    assert not allowed(policy, action, f"{secrets}:billing/registry-AbCdEf")
    [config] = documents(ROOT / "ray-cluster.yaml")
    [command] = [one for one in config["head_start_ray_commands"] if "PGPASSWORD" in one]
    assert f'SecretId="{NAMES["name"]}/registry"' in command
    assert config["cluster_name"] == NAMES["name"]
