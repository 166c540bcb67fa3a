"""Records for these tests and their scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from creative.records import BlobRef, Failure, Receipt


def receipt(key: str, seconds: float = 1.5, sha256: str = "0" * 64) -> Receipt:
    return Receipt(
        key=key,
        recipe={"kind": "cutout", "backend": "plain", "params": {"text": "Hausröstung"}},
        outputs={"image": BlobRef(sha256=sha256, bytes=10, type="image/png")},
        inputs={"photo": "1" * 64},
        seconds=seconds,
        notes={"tempo": 1.03},
        made_at="2026-11-22T10:00:00+00:00",
    )


def failure(key: str, reason: str = "cut about 6 words") -> Failure:
    return Failure(key=key, kind="fit", status="refused", reason=reason)


@dataclass(frozen=True)
class Link:
    """A row of the tree."""

    ad_id: str = "ad1"
    campaign: str = "c"
    segment: str = "commuters"
    placement: str = "meta-feed-4x5"
    name: str = "marlo_commuters"
    sha256: str = "0" * 64
    type: str = "image/jpeg"
    figures: Mapping[str, Any] = field(default_factory=dict)
