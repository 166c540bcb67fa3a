"""Ray's jobs API, as far as `creative submit` needs it: errors in plain words, addresses as they were given.

Facts about Ray 2.60 behind this: the client takes RAY_API_SERVER_ADDRESS or RAY_ADDRESS in place of the address that it is
given; its requests have no timeout; a submission id that was ever used is refused; the entrypoint is a shell command, whose
exit code is `driver_exit_code` (None if its machine died), and whose stdout and stderr are one log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from ray.exceptions import AuthenticationError

from creative.errors import RunnerError, UsageError
from creative.submitting.jobs import Job

try:
    import aiohttp
    import requests
    from ray.job_submission import JobSubmissionClient
except ImportError as error:  # Ray without [default] has the module, but not what it needs
    raise UsageError(
        f"to submit jobs, Python needs {error.name or 'more'}: pip install 'creative-farm[cluster]' (it has ray[default])"
    ) from error

_CONNECT_S, _READ_S = 15.0, 120.0
_OVERRIDES = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")
_TOKEN = (
    "set RAY_AUTH_MODE=token, and the cluster's token in RAY_AUTH_TOKEN, or its file in RAY_AUTH_TOKEN_PATH "
    "(~/.ray/auth_token, if left out)"
)


class _Client(JobSubmissionClient):  # type: ignore[misc]  # Ray's own hints are not read
    """Ray's client, which does not wait for ever for a machine that is not there."""

    def _do_request(self, method: str, endpoint: str, **options: Any) -> Any:
        options.setdefault("timeout", (_CONNECT_S, _READ_S))
        return super()._do_request(method, endpoint, **options)


class Jobs:
    """The jobs of a cluster, at `address`: http://head:8265, or https. Raises RunnerError or UsageError, as all of it does."""

    def __init__(self, address: str) -> None:
        self.address = address
        logging.getLogger("ray.dashboard.modules.job.sdk").setLevel(logging.WARNING)
        with self._plain_words(), _address_as_given():
            self._client = _Client(address)

    def submit(self, id: str, entrypoint: str, metadata: Mapping[str, str]) -> bool:
        """Start a job. False if there is, or was, one with this id."""
        try:
            with self._plain_words():
                self._client.submit_job(entrypoint=entrypoint, submission_id=id, metadata=dict(metadata))
        except RunnerError as error:
            if "already exists" in str(error.__cause__):
                return False
            raise
        return True

    def with_prefix(self, prefix: str) -> list[Job]:
        """The jobs whose id begins so, in no order."""
        with self._plain_words():
            return [_job(one) for one in self._client.list_jobs() if (one.submission_id or "").startswith(prefix)]

    def look(self, id: str) -> Job:
        """How a job stands."""
        with self._plain_words():
            return _job(self._client.get_job_info(id))

    def log(self, id: str) -> Iterator[str]:
        """What the job says, in pieces, until it ends or the connection does; from its beginning."""
        chunks: AsyncIterator[str] = self._client.tail_job_logs(id)

        async def following() -> str | None:
            return await anext(chunks, None)

        with asyncio.Runner() as runner:  # which, at its end or at Ctrl-C, also ends what is still open
            while True:
                with self._plain_words():
                    chunk = runner.run(following())
                if chunk is None:
                    return
                yield chunk

    @contextlib.contextmanager
    def _plain_words(self) -> Iterator[None]:
        try:
            yield
        except AuthenticationError as error:
            wrong = "invalid" in str(error).lower() or "forbidden" in str(error).lower()
            what = "does not know this token (403)" if wrong else "wants a token (401)"
            raise UsageError(f"the cluster at {self.address} {what}: {_TOKEN}") from error
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, AssertionError) as error:
            raise UsageError(f"--address {self.address}: write the jobs API's, such as http://head:8265") from error
        except requests.exceptions.SSLError as error:
            raise UsageError(
                f"the certificate of {self.address} is not trusted here: name its authority in REQUESTS_CA_BUNDLE"
            ) from error
        except (ConnectionError, requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
            raise RunnerError(
                f"nothing answers at {self.address}: is the cluster up, and its dashboard on (--dashboard-host 0.0.0.0)? "
                "From outside Kubernetes: kubectl port-forward service/...-head-svc 8265"
            ) from error
        except aiohttp.ClientError as error:
            raise RunnerError(f"the connection to {self.address} was lost: {error}") from error
        except (requests.exceptions.RequestException, ValueError, KeyError, TypeError) as error:
            raise RunnerError(f"{self.address} does not answer as Ray's jobs API does: {_first(error)}") from error
        except RuntimeError as error:
            text = str(error)
            if "returned 404" in text:
                raise UsageError(
                    f"{self.address} has no jobs API: write the dashboard's address, and install ray[default] on the head"
                ) from error
            raise RunnerError(f"the cluster at {self.address} refused: {_last(text)}") from error


def _job(found: Any) -> Job:
    return Job(
        id=found.submission_id or "",
        status=str(getattr(found.status, "value", found.status)),
        exit_code=found.driver_exit_code,
        message=found.message or "",
        started_ms=found.start_time or 0,
    )


@contextlib.contextmanager
def _address_as_given() -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in _OVERRIDES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _last(text: str) -> str:
    """Ray sends whole tracebacks: their last line says what happened."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip(" .")]
    return (lines[-1] if lines else "it does not say why")[:300]
