"""The Terraform module: it parses, its names resolve, and the bucket is what the store needs."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest

from tests.infra.reading import INFRA, walk

MODULE = INFRA / "terraform"
FILES = sorted([*MODULE.glob("*.tf"), *MODULE.glob("example/*.tf")])


@cache
def parsed(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        return _plain(hcl2.load(file))


def _plain(value: Any) -> Any:
    """Without the quotes that this version of hcl2 leaves around texts and labels, and without its own marks."""
    if isinstance(value, dict):
        return {_plain(key): _plain(one) for key, one in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


def blocks(kind: str) -> dict[str, Any]:
    """The module's blocks of a kind: by label, or by type and label."""
    found: dict[str, Any] = {}
    for path in MODULE.glob("*.tf"):
        for block in parsed(path).get(kind, ()):
            for label, body in block.items():
                if kind in ("resource", "data"):
                    found |= {f"{label}.{name}": inner for name, inner in body.items()}
                else:
                    assert label not in found, f"{kind} {label} is there twice"
                    found[label] = body
    return found


def text() -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(MODULE.glob("*.tf")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MODULE)))
def test_it_parses(path: Path) -> None:
    assert parsed(path)
    assert "\t" not in path.read_text("utf-8")


def test_variables_are_declared_described_and_used() -> None:
    declared = blocks("variable")
    assert set(re.findall(r"\bvar\.(\w+)", text())) == declared.keys()
    for name, body in declared.items():
        assert body["description"] and body["type"], name
        for validation in (
            [body["validation"]] if isinstance(body.get("validation"), dict) else body.get("validation", ())
        ):
            assert f"var.{name}" in validation["condition"], f"{name}: a validation speaks of its own variable"
    assert {name for name, body in declared.items() if "default" not in body} == {"bucket"}, "all else can be left out"


def test_references_resolve() -> None:
    everything = text()
    resources = blocks("resource")
    for kind, name in re.findall(r"(?<![\w.])(aws_\w+)\.(\w+)", re.sub(r"data\.aws_\w+\.\w+", "", everything)):
        assert f"{kind}.{name}" in resources, f"{kind}.{name}"
    for kind, name in re.findall(r"data\.(aws_\w+)\.(\w+)", everything):
        assert f"{kind}.{name}" in blocks("data")
    defined = {key for path in MODULE.glob("*.tf") for block in parsed(path).get("locals", ()) for key in block}
    assert set(re.findall(r"\blocal\.(\w+)", everything)) <= defined
    policies = re.findall(r"\$\{path\.module\}/(policies/[\w.-]+)", everything)
    assert {str(path.relative_to(MODULE)) for path in (MODULE / "policies").iterdir()} == set(policies)


def test_templates_are_given_what_they_name() -> None:
    given = {"kms.json.tftpl": {"key", "region"}, "launch.json.tftpl": {"name", "region", "worker"}}
    for path in (MODULE / "policies").iterdir():
        named = set(re.findall(r"\$\{(\w+)\}", path.read_text("utf-8")))
        assert named <= given.get(path.name, {"bucket", "prefix", "principals"}), path.name


def test_the_bucket_is_closed_versioned_encrypted_and_loses_nothing() -> None:
    resources = blocks("resource")
    public = resources["aws_s3_bucket_public_access_block.store"]
    assert {key for key, value in public.items() if value is True} == {
        "block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets",
    }  # fmt: skip
    assert resources["aws_s3_bucket_versioning.store"]["versioning_configuration"][0]["status"] == "Enabled"
    assert resources["aws_s3_bucket_ownership_controls.store"]["rule"][0]["object_ownership"] == "BucketOwnerEnforced"
    assert "local.bucket_policy" in resources["aws_s3_bucket_policy.store"]["policy"]
    rules = {rule["id"]: rule for rule in resources["aws_s3_bucket_lifecycle_configuration.store"]["rule"]}
    assert rules["abort-incomplete-uploads"]["abort_incomplete_multipart_upload"][0]["days_after_initiation"] == 7
    assert "noncurrent_version_expiration" in rules["expire-old-versions"]
    for rule in rules.values():
        assert rule["status"] == "Enabled"
        for expiration in rule.get("expiration", ()):
            assert expiration.keys() == {"expired_object_delete_marker"}, "nothing current is ever expired"
        assert "transition" not in rule


def test_roles_may_be_had_by_the_service_accounts_of_kubernetes() -> None:
    from tests.infra.reading import KUBERNETES, documents

    ours = {one["metadata"]["name"] for one in documents(KUBERNETES / "base" / "service-accounts.yaml")}
    [locals_] = parsed(MODULE / "roles.tf")["locals"]
    named = {account for accounts in locals_["service_accounts"].values() for account in _plain(accounts)}
    assert named == ours - {"creative-submitter"}, "the submitter needs no bucket"
    assert blocks("variable")["namespace"]["default"] == "creative-farm"


def test_the_store_url_is_one_that_the_store_takes() -> None:
    from creative.store.s3_place import place_of

    value = blocks("output")["store_url"]["value"]
    places = {
        "aws_s3_bucket.store.bucket": "ads", "var.prefix": "farm/two", "data.aws_region.here.name": "eu-central-1",
    }  # fmt: skip
    key = "arn:aws:kms:eu-central-1:111122223333:key/1"
    for encryption in ("sse=AES256", f"sse=aws:kms&kms_key={key}"):
        url = re.sub(r"\$\{([\w.]+)\}", lambda found: {**places, "local.encryption": encryption}[found[1]], value)  # noqa: B023
        place = place_of(url)
        assert (place.bucket, place.prefix, place.region) == ("ads", "farm/two", "eu-central-1")
        assert place.kms_key == (key if "kms_key" in url else None)
    assert '"sse=AES256" : "sse=aws:kms&kms_key=${coalesce(var.kms_key_arn, "-")}"' in text()


def test_the_example_gives_the_module_what_it_takes() -> None:
    example = parsed(MODULE / "example" / "main.tf")
    [module] = example["module"]
    arguments = module["farm"].keys() - {"source"}
    assert arguments <= blocks("variable").keys() and "bucket" in arguments
    outputs = set(re.findall(r"module\.farm\.(\w+)", (MODULE / "example" / "main.tf").read_text("utf-8")))
    assert outputs <= blocks("output").keys()


def test_no_value_is_left_that_only_its_writer_has() -> None:
    for path in FILES:
        for value in walk(parsed(path)):
            if isinstance(value, str):
                assert not re.search(r"\b\d{12}\b(?!\})", value), f"{path.name}: an account number"
