"""Where a model is brought from: what was named, else the team's mirror, else the hub; the order that workers have too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from creative.errors import UsageError
from creative.models.bringing import pull
from creative.models.files import Manifest
from creative.models.hub import is_offline
from creative.models.mirror import bring
from creative.models.rows import ModelRow

HUB = "hub"


def is_folder(source: str | None) -> bool:
    """Whether it names a folder of files, and neither a mirror nor the hub."""
    return source is not None and "://" not in source and (source != HUB or Path(source).exists())


def fetch(
    row: ModelRow,
    models: Path,
    revision: str | None,
    source: str | None,
    mirror: str | None,
    say: Callable[[str], None] = lambda _: None,
    *,
    offline: bool = False,
) -> Manifest:
    """Bring the row's model to `models`, and hold what is there already against its sha256.

    `source`: a folder with the repository's files, the URL of a mirror, or "hub"; None for `mirror`, where one is set and has
    the model, else the hub, unless `offline`. Raises UsageError, ModelError, InfrastructureError, StoreError.
    """
    wanted = revision or row.revision
    if source is not None and "://" in source:
        brought = bring(source, models, row.name, wanted, check=True, say=say)
        if brought is None:
            raise UsageError(
                f"{source} has no {row.name}{f' at {wanted}' if wanted else ''}: creative models mirror puts it there"
            )
        return brought
    if source is not None and is_folder(source):
        return pull(row, models, revision=revision, source=Path(source), say=say)
    if source is None and mirror:
        brought = bring(mirror, models, row.name, wanted, check=True, say=say)
        if brought is not None:
            return brought
        say(
            f"the mirror does not have {row.name}{f' at {wanted}' if wanted else ''}{'' if offline or is_offline() else ': the hub is asked'}"
        )
    return pull(row, models, revision=revision, check=True, offline=offline, say=say)
