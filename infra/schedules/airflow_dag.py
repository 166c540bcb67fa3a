"""The night as an Airflow DAG (Airflow 3 with the cncf.kubernetes provider).

Airflow starts the Job that the CronJob `creative-nightly` describes (infra/kubernetes/base/nightly.yaml) and waits for its
end. So the night is described once, and Kubernetes decides what is tried again: exit code 75 and drained machines, nothing
else. A task that Airflow itself repeats would repeat a wrong brief too (an operator's `retries` knows no exit codes, and
`skip_on_exit_code` would hide a failure as skipped); hence the task fails for good when the Job has, and is repeated only
when Airflow could not ask Kubernetes.

The CronJob's own schedule should be off: kubectl -n creative-farm patch cronjob creative-nightly -p '{"spec":{"suspend":true}}'
With both on nothing breaks: the second night finds the lease taken and ends with 0.

The connection `kubernetes_default` needs, in the namespace: get on cronjobs; create and get on jobs; list on pods.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

NAMESPACE = "creative-farm"
CRONJOB = "creative-nightly"
POLL_SECONDS = 30.0
MEANING = {
    2: "a brief or a setting is wrong: see the pod's log",
    3: "some ads failed; all others are made. creative status says which",
    70: "unforeseen: the pod's log names a file to report",
    75: "infrastructure failed, again and again: store, registry or cluster",
    137: "the pod was killed, most likely for want of memory",
}


@dag(
    dag_id="creative_nightly",
    schedule="0 22 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,  # last week's nights are in tonight's
    max_active_runs=1,
    tags=["creative-farm"],
)
def creative_nightly() -> None:
    """Every brief that is ready, once a night."""

    @task(retries=3, retry_delay=timedelta(minutes=5), execution_timeout=timedelta(hours=10))
    def night() -> None:
        """One night: start its Job, or find it started by an earlier try of this task, and wait for its end."""
        from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook

        hook = KubernetesHook()
        batch, core = hook.batch_v1_client, hook.core_v1_client
        name = job_name(get_current_context()["run_id"])
        job = started(batch, name)
        while (end := ended(job)) is None:
            time.sleep(POLL_SECONDS)
            job = batch.read_namespaced_job(name, NAMESPACE)
        if end != "Complete":
            raise AirflowFailException(f"job/{name}: {why(core, name, end)}")

    night()


def job_name(run_id: str) -> str:
    """The Job's name, the same for every try of one DAG run, so that a repeated task starts no second Job."""
    tail = "".join(c if c.isascii() and c.isalnum() else "-" for c in run_id.lower())
    return f"{CRONJOB}-{tail}"[:63].strip("-")


def started(batch: Any, name: str) -> Any:
    """The Job of that name, made from the CronJob's template if it is not there."""
    from kubernetes.client import V1Job, V1ObjectMeta
    from kubernetes.client.exceptions import ApiException

    template = batch.read_namespaced_cron_job(CRONJOB, NAMESPACE).spec.job_template
    labels = {"app.kubernetes.io/part-of": "creative-farm", "creative-farm/started-by": "airflow"}
    job = V1Job(metadata=V1ObjectMeta(name=name, labels=labels), spec=template.spec)
    try:
        return batch.create_namespaced_job(NAMESPACE, job)
    except ApiException as error:
        if error.status != 409:  # conflict: it is there
            raise
        return batch.read_namespaced_job(name, NAMESPACE)


def ended(job: Any) -> str | None:
    """ "Complete", the reason of the failure ("PodFailurePolicy", "DeadlineExceeded", ...), or None while it runs."""
    for condition in job.status.conditions or ():
        if condition.status == "True" and condition.type == "Complete":
            return "Complete"
        if condition.status == "True" and condition.type == "Failed":
            return str(condition.reason or "Failed")
    return None


def why(core: Any, name: str, reason: str) -> str:
    """What the last pod ended with, in words."""
    pods = core.list_namespaced_pod(NAMESPACE, label_selector=f"batch.kubernetes.io/job-name={name}").items
    for pod in sorted(pods, key=lambda one: one.metadata.creation_timestamp, reverse=True):
        for container in pod.status.container_statuses or ():
            if container.state and container.state.terminated:
                code = container.state.terminated.exit_code
                return f"{reason}, exit code {code}: {MEANING.get(code, 'see the log of its pod')}"
    return f"{reason}: see kubectl -n {NAMESPACE} describe job {name}"


creative_nightly()
