"""Every error that the farm raises on purpose.

CreativeError               what a person can act on; `exit_code` is the command's
├── UsageError              2: a wrong option, a name that does not exist
├── BriefError              2: the brief, its brand kit or its media; carries every Finding at once
├── LimitError              2: the brief's own limit would be exceeded
├── InfrastructureError     75: worth trying again (EX_TEMPFAIL)
│   ├── StoreError          the store cannot be reached, or holds something it must not
│   │   ├── WrongStoreError     2: there is no store at that place
│   │   └── DamagedStoreError   75: something in it is gone or damaged; `--verify` makes it again
│   ├── RegistryError       the registry cannot be reached, or is damaged
│   │   ├── WrongRegistryError  2: that place is no registry, or another store's
│   │   └── DamagedRegistryError 75: `creative reindex` makes it anew
│   └── RunnerError         no worker could be started
└── StepError               raised by a backend while it makes a step
    ├── StepRefused         no other seed would help: "cut about 6 words". Stored by step key
    └── AttemptRefused      this attempt is no good (black, silent, NaN); the next seed may be
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXIT_OK = 0
EXIT_NO_MATCH = 1
EXIT_USAGE = 2
EXIT_SOME_FAILED = 3
EXIT_UNFORESEEN = 70
EXIT_TEMPORARY = 75
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class CreativeError(Exception):
    """What a person can act on. `str(error)` is what they read."""

    exit_code = EXIT_USAGE


class UsageError(CreativeError):
    """A wrong option, or the name of something that does not exist."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in a file that a person wrote.

    `line` and `column` count from 1. `where` is the path of the field ("offers.house-autumn.price.DE").
    """

    file: str
    line: int
    column: int
    where: str
    problem: str
    instead: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: {self.where}: {self.problem}"
        return f"{text}. {self.instead}" if self.instead else text


class BriefError(CreativeError):
    """A brief that cannot be used; `findings` holds all that is wrong with it, in the file's order."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class LimitError(BriefError):
    """The plan is larger than the brief allows."""


class InfrastructureError(CreativeError):
    """Something around the farm failed; the same command later may well succeed."""

    exit_code = EXIT_TEMPORARY


class StoreError(InfrastructureError):
    """The store cannot be reached, or holds something that it must not."""


class WrongStoreError(StoreError):
    """There is no store at the place that was named: trying again does not help."""

    exit_code = EXIT_USAGE


class MissingStoreError(WrongStoreError):
    """There is nothing at the place that was named."""


class DamagedStoreError(StoreError):
    """The store answers, but what was asked for is gone, or is not what was put there: `--verify` makes it again."""


class RegistryError(InfrastructureError):
    """The registry cannot be reached, or is damaged."""


class WrongRegistryError(RegistryError):
    """The place that was named is no registry, or another store's: trying again does not help."""

    exit_code = EXIT_USAGE


class DamagedRegistryError(RegistryError):
    """The registry's file cannot be read any more; the store has all that it takes to make it anew."""


class RunnerError(InfrastructureError):
    """No worker could be started, or none answers any more."""


class StepError(CreativeError):
    """Raised by a backend while it makes a step."""


class StepRefused(StepError):
    """The step cannot be made as it is asked for, whatever the seed. Stored by its key, and reported again."""


class AttemptRefused(StepError):
    """This attempt is no good; another seed may be. Logged beside the key, never "done"."""
