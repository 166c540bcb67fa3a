"""As much of AWS's evaluation of policies as infra/terraform/policies uses; anything else in a policy fails."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.infra.reading import INFRA

POLICIES = INFRA / "terraform" / "policies"
BUCKET = "arn:aws:s3:::ads"
PREFIX = "farm"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"  # AWS's own example number
NAMES = {
    "bucket": BUCKET,
    "prefix": PREFIX,
    "key": KEY,
    "region": "eu-central-1",
    "name": "creative-farm",
    "worker": "arn:aws:iam::111122223333:role/creative-farm-worker",
    "principals": json.dumps(["arn:aws:iam::111122223333:role/ads"]),
}


def statements(name: str) -> list[dict[str, Any]]:
    """The statements of a policy, its places filled in. A place that nothing fills fails."""
    text = (POLICIES / f"{name}.json.tftpl").read_text("utf-8")
    policy = json.loads(re.sub(r"\$\{(\w+)\}", lambda found: NAMES[found[1]], text))
    assert policy.keys() == {"Version", "Statement"} and policy["Version"] == "2012-10-17"
    for statement in policy["Statement"]:
        assert statement.keys() <= {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
        assert re.fullmatch("[A-Za-z0-9]+", statement["Sid"]) and statement["Effect"] in ("Allow", "Deny")
    return list(policy["Statement"])


def allowed(policies: list[dict[str, Any]], action: str, resource: str, keys: Mapping[str, str] | None = None) -> bool:
    """Whether the statements together allow it: some Allow says so, and no Deny. `keys`: the request's condition keys."""
    told = {
        statement["Effect"]
        for statement in policies
        if _matches(statement["Action"], action)
        and _matches(statement["Resource"], resource)
        and all(_holds(test, condition, keys or {}) for test, condition in statement.get("Condition", {}).items())
    }
    return told == {"Allow"}


def _matches(patterns: str | list[str], value: str) -> bool:
    patterns = [patterns] if isinstance(patterns, str) else patterns
    return any(re.fullmatch(re.escape(one).replace(r"\*", ".*").replace(r"\?", "."), value) for one in patterns)


def _holds(test: str, condition: Mapping[str, Any], keys: Mapping[str, str]) -> bool:
    for key, wanted in condition.items():
        value = keys.get(key)
        if test == "Null":
            holds = (value is None) == (wanted == "true")
        elif test == "StringLikeIfExists":
            holds = value is None or _matches(wanted, value)
        elif test == "StringEquals":
            holds = value == wanted
        elif test == "Bool":
            holds = value is not None and value == wanted
        else:
            raise AssertionError(f"{test} is not evaluated by this test")
        if not holds:
            return False
    return True
