"""A folder in which somebody has the role `rights`, and what people type there. The backends make nothing, at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from creative.cli import app
from creative.errors import CreativeError
from tests.support.null import null_table

BY = "Ines Rau"


class Office:
    """`brief` is made in `folder` by whoever needs it; `rows` are backends beside those that make nothing."""

    def __init__(self, folder: Path, brief: Path, *rows: dict[str, Any]) -> None:
        self.folder, self.brief = folder, brief
        null = json.loads(null_table())["backends"]
        (folder / "null.yaml").write_text(json.dumps({"backends": [*null, *rows]}))
        (folder / "creative.toml").write_text(
            'default = "test"\n[profiles.test]\nrunner = "inline"\nworkers = 1\ncatalogues = ["null.yaml"]\n'
            f'judges = "none"\nroles = {{rights = ["{BY}"]}}\n'
        )

    def say(self, *arguments: str, code: int = 0) -> Any:
        """What a command says as data; a refusal's message."""
        done = CliRunner().invoke(app, [*arguments, "--json"])
        if isinstance(done.exception, CreativeError):
            assert done.exception.exit_code == code, done.exception
            return str(done.exception)
        assert done.exit_code == code, (done.output, done.exception)
        return json.loads(done.stdout.strip().splitlines()[-1])

    def add(self, file: str, code: int = 0) -> Any:
        """Enter a consent."""
        return self.say("voices", "add", file, "--by", BY, code=code)

    def revoke(self, id: str, reason: str = "she asked for it", code: int = 0) -> Any:
        """End it."""
        return self.say("voices", "revoke", id, "--by", BY, "--reason", reason, code=code)
