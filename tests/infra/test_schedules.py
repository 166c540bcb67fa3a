"""The schedules: cron, systemd and Airflow run the night, and only exit code 75 is tried again."""

from __future__ import annotations

import configparser
import importlib.util
import re
import sys
import types
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.infra.reading import INFRA, KUBERNETES, ROOT, documents

SCHEDULES = INFRA / "schedules"


def unit(name: str) -> dict[str, dict[str, list[str]]]:
    """A systemd unit's sections; a key may be there more than once."""
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in (SCHEDULES / name).read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        else:
            key, equals, value = line.partition("=")
            assert equals and re.fullmatch("[A-Z][A-Za-z]+", key), line
            section.setdefault(key, []).append(value)
    return sections


def test_systemd_restarts_on_75_alone_and_within_limits() -> None:
    service = unit("creative-nightly.service")
    assert service["Service"]["Restart"] == ["no"]
    assert service["Service"]["RestartForceExitStatus"] == ["75"]
    assert service["Service"]["Type"] == ["exec"]
    assert int(service["Unit"]["StartLimitBurst"][0]) <= 6
    tries, pause = int(service["Unit"]["StartLimitBurst"][0]), 5
    assert service["Service"]["RestartSec"] == [f"{pause}min"] and tries * pause < 8 * 60
    assert service["Unit"]["StartLimitIntervalSec"] == ["8h"], "longer than all tries of a night that fails at once"
    assert service["Service"]["User"] != ["root"] and service["Service"]["NoNewPrivileges"] == ["yes"]
    timer = unit("creative-nightly.timer")
    assert timer["Timer"]["Persistent"] == ["yes"] and "Etc/UTC" in timer["Timer"]["OnCalendar"][0]
    assert timer["Install"]["WantedBy"] == ["timers.target"]


def test_systemd_shows_no_secret() -> None:
    service = unit("creative-nightly.service")["Service"]
    assert not any(re.search("PASSWORD|TOKEN=", value) for value in service["Environment"])
    assert service["EnvironmentFile"] and service["LoadCredential"]


def test_units_parse_as_such() -> None:
    for name in ("creative-nightly.service", "creative-nightly.timer"):
        parser = configparser.RawConfigParser(strict=False)
        parser.read(SCHEDULES / name)
        assert parser.sections()


def test_cron_has_one_line_a_night_without_a_lock_file() -> None:
    lines = [
        line for line in (SCHEDULES / "crontab").read_text("utf-8").splitlines() if line and not line.startswith("#")
    ]
    entries = [line for line in lines if not re.match(r"[A-Z_]+=", line)]
    [entry] = entries
    assert re.match(r"\d+ \d+ \* \* \*  ", entry) and "try-again creative nightly" in entry
    assert "flock" not in entry and "%" not in entry, "cron makes a line's end of every %"


# Airflow, and the client of Kubernetes that its provider brings, as far as the DAG uses them.


class FailedForGood(Exception):
    """Airflow's AirflowFailException."""


class ApiError(Exception):
    """The client's ApiException."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def done(type: str = "Complete", reason: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(
        status=SimpleNamespace(conditions=[SimpleNamespace(type=type, status="True", reason=reason)])
    )


RUNNING = SimpleNamespace(status=SimpleNamespace(conditions=None))


class Cluster:
    """Answers as Kubernetes would; `ends` are the states of the Job, one for each time it is asked."""

    def __init__(self, ends: list[Any], code: int = 0, there: bool = False) -> None:
        self.ends, self.code, self.there = ends, code, there
        self.created: list[Any] = []

    def read_namespaced_cron_job(self, name: str, namespace: str) -> Any:
        [cron] = documents(KUBERNETES / "base" / "nightly.yaml")
        assert name == cron["metadata"]["name"]
        assert namespace == documents(KUBERNETES / "base" / "kustomization.yaml")[0]["namespace"]
        template = SimpleNamespace(spec=cron["spec"]["jobTemplate"]["spec"])
        return SimpleNamespace(spec=SimpleNamespace(job_template=template))

    def create_namespaced_job(self, namespace: str, job: Any) -> Any:
        if self.there:
            raise ApiError(409)
        self.created.append(job)
        return self.ends.pop(0)

    def read_namespaced_job(self, name: str, namespace: str) -> Any:
        return self.ends.pop(0)

    def list_namespaced_pod(self, namespace: str, label_selector: str) -> Any:
        assert label_selector.startswith("batch.kubernetes.io/job-name=creative-nightly-")
        state = SimpleNamespace(terminated=SimpleNamespace(exit_code=self.code))
        pod = SimpleNamespace(
            metadata=SimpleNamespace(creation_timestamp=1),
            status=SimpleNamespace(container_statuses=[SimpleNamespace(state=state)]),
        )
        return SimpleNamespace(items=[pod])


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Cluster], Callable[[], None]]]:
    """The DAG's task, with a stand-in for what is around it; the DAG's and the task's options are in `options`."""
    options: dict[str, Any] = {}
    tasks: list[Callable[[], None]] = []

    def dag(**given: Any) -> Callable[[Callable[[], None]], Callable[[], None]]:
        options["dag"] = given
        return lambda function: function

    def task(**given: Any) -> Callable[[Callable[[], None]], Callable[[], None]]:
        options["task"] = given

        def decorated(function: Callable[[], None]) -> Callable[[], None]:
            tasks.append(function)
            return lambda: None  # called while the DAG is read: nothing runs

        return decorated

    def module(name: str, **members: Any) -> None:
        made = types.ModuleType(name)
        for key, value in members.items():
            setattr(made, key, value)
        monkeypatch.setitem(sys.modules, name, made)

    def prepared(cluster: Cluster) -> Callable[[], None]:
        for name in ("airflow", "airflow.providers", "airflow.providers.cncf", "airflow.providers.cncf.kubernetes",
                     "airflow.providers.cncf.kubernetes.hooks", "kubernetes"):  # fmt: skip
            module(name)
        module(
            "airflow.sdk",
            dag=dag,
            task=task,
            get_current_context=lambda: {"run_id": "scheduled__2026-11-22T22:00:00+00:00"},
        )
        module("airflow.sdk.exceptions", AirflowFailException=FailedForGood)
        hook = SimpleNamespace(batch_v1_client=cluster, core_v1_client=cluster)
        module("airflow.providers.cncf.kubernetes.hooks.kubernetes", KubernetesHook=lambda: hook)
        module(
            "kubernetes.client",
            V1Job=SimpleNamespace,
            V1ObjectMeta=SimpleNamespace,
        )
        module("kubernetes.client.exceptions", ApiException=ApiError)
        spec = importlib.util.spec_from_file_location("creative_airflow_dag", SCHEDULES / "airflow_dag.py")
        assert spec is not None and spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        monkeypatch.setattr(loaded, "POLL_SECONDS", 0.0)
        assert options["dag"]["max_active_runs"] == 1 and options["dag"]["catchup"] is False
        return tasks[-1]

    yield prepared


def test_airflow_starts_the_cron_jobs_own_job_and_waits(airflow: Callable[[Cluster], Callable[[], None]]) -> None:
    cluster = Cluster([RUNNING, RUNNING, done()])
    airflow(cluster)()
    [job] = cluster.created
    assert job.metadata.name == "creative-nightly-scheduled--2026-11-22t22-00-00-00-00"
    assert re.fullmatch("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", job.metadata.name)
    assert job.spec["podFailurePolicy"], "Kubernetes decides what is tried again"


def test_airflow_finds_the_job_of_an_earlier_try(airflow: Callable[[Cluster], Callable[[], None]]) -> None:
    cluster = Cluster([RUNNING, done()], there=True)
    airflow(cluster)()
    assert cluster.created == []


@pytest.mark.parametrize(
    ("code", "says"),
    [(2, "a brief or a setting"), (3, "some ads failed"), (75, "infrastructure"), (1, "log of its pod")],
)
def test_airflow_fails_for_good_and_says_why(
    airflow: Callable[[Cluster], Callable[[], None]], code: int, says: str
) -> None:
    with pytest.raises(FailedForGood, match=f"PodFailurePolicy, exit code {code}: .*{says}"):
        airflow(Cluster([done("Failed", "PodFailurePolicy")], code))()


def test_airflow_tries_again_when_kubernetes_is_away(airflow: Callable[[Cluster], Callable[[], None]]) -> None:
    class Away(Cluster):
        def create_namespaced_job(self, namespace: str, job: Any) -> Any:
            raise ApiError(503)

    with pytest.raises(ApiError):  # not FailedForGood: Airflow's own retries apply
        airflow(Away([]))()


def test_the_dag_is_typed() -> None:
    """Checked without Airflow: what it is given is Any."""
    from mypy import api

    out, err, code = api.run(
        ["--strict", "--ignore-missing-imports", "--allow-untyped-decorators", "--no-error-summary",
         "--allow-any-generics", "--config-file=", f"--cache-dir={ROOT / '.mypy_cache' / 'infra'}", "--python-version=3.11",
         str(SCHEDULES / "airflow_dag.py")]
    )  # fmt: skip
    assert code == 0, out + err
