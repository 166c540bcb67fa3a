"""Kubernetes' resources: valid by the official schemas, locked down, and retrying exit code 75 alone."""

from __future__ import annotations

import json
import os
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.infra import kuberay
from tests.infra.reading import KUBERNETES, ROOT, built, containers, documents, pod_specs, walk

SCHEMA = "1.34"
OVERLAYS = ("base", "overlays/aws", "overlays/local")
JOB = KUBERNETES / "jobs" / "one-brief.yaml"


@cache
def resources(overlay: str) -> tuple[dict[str, Any], ...]:
    return tuple(built(KUBERNETES / overlay))


def one(overlay: str, kind: str, name: str) -> dict[str, Any]:
    [found] = [it for it in resources(overlay) if it["kind"] == kind and it["metadata"]["name"] == name]
    return found


def everything(overlay: str) -> list[dict[str, Any]]:
    return [*resources(overlay), *documents(JOB)]


def named(overlay: str, kind: str) -> set[str]:
    return {it["metadata"]["name"] for it in resources(overlay) if it["kind"] == kind}


@cache
def valid(resource: str) -> None:
    """Raises for a resource, as JSON, that the official schema refuses. Once for each: overlays share most of theirs."""
    kubernetes_validate.validate(json.loads(resource), SCHEMA, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_own_resources_are_valid(overlay: str) -> None:
    for resource in resources(overlay):
        if not resource["apiVersion"].startswith("ray.io/"):
            valid(json.dumps(resource))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pod_templates_of_ray_resources_are_valid_pods(overlay: str) -> None:
    found = 0
    for resource in everything(overlay):
        if not resource["apiVersion"].startswith("ray.io/"):
            continue
        for value in walk(resource["spec"]):
            if isinstance(value, dict) and value.keys() == {"metadata", "spec"}:
                pod = {"apiVersion": "v1", "kind": "Pod", **value}
                pod["metadata"] = {"name": "pod", **pod["metadata"]}
                valid(json.dumps(pod))
                found += 1
    assert found >= 3


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ray_resources_have_fields_that_kuberay_knows(overlay: str) -> None:
    assert kuberay.problems(one(overlay, "RayCluster", "creative-farm")["spec"], kuberay.CLUSTER, "spec") == []
    [job] = documents(JOB)
    assert kuberay.problems(job["spec"], kuberay.JOB, "spec") == []


def test_the_schemas_refuse_what_is_wrong() -> None:
    night = json.dumps(one("base", "CronJob", "creative-nightly"))
    for good, bad in (("concurrencyPolicy", "concurencyPolicy"), ('"backoffLimit": 4', '"backoffLimit": "four"')):
        assert good in night
        with pytest.raises(kubernetes_validate.ValidationError):
            valid(night.replace(good, bad))


def test_the_check_of_fields_can_fail() -> None:
    [job] = documents(JOB)
    for key, value in (
        ("podFailurePolicy", {}),
        ("backoffLimit", "0"),
        ("submissionMode", "Http"),
        ("clusterSelector", 1),
    ):
        assert kuberay.problems({**job["spec"], key: value}, kuberay.JOB, "spec") != []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_locked_down(overlay: str) -> None:
    specs = [spec for resource in everything(overlay) for spec in pod_specs(resource)]
    assert len(specs) >= 4
    for spec in specs:
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 1000
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["restartPolicy"] == "Never"
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}
        assert not any("hostPath" in volume for volume in spec["volumes"])
    for resource in everything(overlay):
        for container in containers(resource):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True and security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]} and "privileged" not in security
            wanted = {"cpu", "memory"}
            assert container["resources"]["requests"].keys() >= wanted
            assert container["resources"]["limits"].keys() >= wanted
            assert container["resources"]["requests"]["memory"] == container["resources"]["limits"]["memory"] or (
                container["name"] in ("nightly", "ray-job-submitter")
            ), "Ray's memory monitor believes the limit"
            assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}
            if container["name"] != "ray-job-submitter":
                assert "/var/lib/creative" in {mount["mountPath"] for mount in container["volumeMounts"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_pods_refer_to_is_there(overlay: str) -> None:
    secrets = {
        "creative-farm": {"auth_token"},  # KubeRay makes it, named after the RayCluster
        "creative-registry": {"password"},  # made by hand: README
    }
    assert one(overlay, "RayCluster", "creative-farm")
    for resource in everything(overlay):
        for spec in pod_specs(resource):
            assert spec["serviceAccountName"] in named(overlay, "ServiceAccount")
            volumes = {volume["name"]: volume for volume in spec["volumes"]}
            for container in spec["containers"]:
                assert {mount["name"] for mount in container["volumeMounts"]} == volumes.keys()
                for variable in container.get("env", ()):
                    if "valueFrom" in variable:
                        reference = variable["valueFrom"]["secretKeyRef"]
                        assert reference["key"] in secrets[reference["name"]]
                for source in container.get("envFrom", ()):
                    assert source["secretRef"]["optional"] is True, "any other has to be in the list above"
            for volume in volumes.values():
                if "configMap" in volume:
                    assert volume["configMap"]["name"] in named(overlay, "ConfigMap")
                if "persistentVolumeClaim" in volume:
                    assert volume["persistentVolumeClaim"]["claimName"] in named(overlay, "PersistentVolumeClaim")
                if "emptyDir" in volume:
                    assert volume["emptyDir"]["sizeLimit"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_night_retries_75_and_drains_only(overlay: str) -> None:
    spec = one(overlay, "CronJob", "creative-nightly")["spec"]
    assert spec["concurrencyPolicy"] == "Forbid" and spec["timeZone"] and spec["startingDeadlineSeconds"] >= 600
    job = spec["jobTemplate"]["spec"]
    assert 1 <= job["backoffLimit"] <= 6 and job["activeDeadlineSeconds"] <= 12 * 3600
    [container] = job["template"]["spec"]["containers"]
    disruption, codes = job["podFailurePolicy"]["rules"]
    assert disruption == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    assert codes == {
        "action": "FailJob",
        "onExitCodes": {"containerName": container["name"], "operator": "NotIn", "values": [75]},
    }
    assert job["template"]["spec"]["restartPolicy"] == "Never", "podFailurePolicy asks for it"
    minutes = float(container["args"][container["args"].index("--minutes") + 1])
    assert minutes * 60 < job["activeDeadlineSeconds"], "it ends by itself before it is ended"


def test_a_job_of_one_brief_retries_75_only_by_itself() -> None:
    [job] = documents(JOB)
    spec = job["spec"]
    assert spec["backoffLimit"] == 0, "KubeRay would repeat any failure, and refuses more with clusterSelector"
    assert spec["entrypoint"].startswith("try-again creative run ")
    assert spec["clusterSelector"] == {"ray.io/cluster": one("base", "RayCluster", "creative-farm")["metadata"]["name"]}
    assert {"shutdownAfterJobFinishes", "ttlSecondsAfterFinished", "suspend"}.isdisjoint(spec), (
        "refused with clusterSelector"
    )
    assert job["metadata"]["namespace"] == one("base", "Namespace", "creative-farm")["metadata"]["name"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_cluster_is_authenticated_and_of_the_right_ray(overlay: str) -> None:
    spec = one(overlay, "RayCluster", "creative-farm")["spec"]
    assert spec["authOptions"] == {"mode": "token"}
    [ray] = re.findall(r"^ray==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    assert spec["rayVersion"] == ray
    assert spec["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    assert spec["headGroupSpec"]["serviceType"] == "ClusterIP"
    for group in spec["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    night = one(overlay, "CronJob", "creative-nightly")["spec"]["jobTemplate"]["spec"]["template"]["spec"][
        "containers"
    ][0]
    variables = {variable["name"]: variable for variable in night["env"]}
    assert variables["RAY_AUTH_MODE"]["value"] == "token"
    assert variables["RAY_AUTH_TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": "creative-farm", "key": "auth_token"}


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    return selector.get("matchLabels", {}).items() <= labels.items()


def may_reach(policies: list[dict[str, Any]], source: dict[str, str], target: dict[str, str], port: int) -> bool:
    """Whether a pod of the namespace may open a connection to another, by the ingress policies that select the other."""
    ours = [
        policy["spec"]
        for policy in policies
        if "Ingress" in policy["spec"]["policyTypes"] and selects(policy["spec"]["podSelector"], target)
    ]
    rules = [rule for policy in ours for rule in policy.get("ingress", ())]
    return not ours or any(
        any(selects(peer.get("podSelector", {}), source) for peer in rule["from"])
        and ("ports" not in rule or any(it["port"] == port and it["protocol"] == "TCP" for it in rule["ports"]))
        for rule in rules
    )


def test_rays_ports_are_closed_to_outsiders() -> None:
    policies = [it for it in resources("base") if it["kind"] == "NetworkPolicy"]
    ray = one("base", "RayCluster", "creative-farm")["spec"]
    of_kuberay = {"ray.io/cluster": "creative-farm"}
    head = {**of_kuberay, "ray.io/node-type": "head", **ray["headGroupSpec"]["template"]["metadata"]["labels"]}
    worker = {
        **of_kuberay,
        "ray.io/node-type": "worker",
        **ray["workerGroupSpecs"][0]["template"]["metadata"]["labels"],
    }
    night = one("base", "CronJob", "creative-nightly")["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    [job] = documents(JOB)
    submitter = job["spec"]["submitterPodTemplate"]["metadata"]["labels"]
    operator = {"app.kubernetes.io/name": "kuberay-operator"}
    allowed = {
        ("worker", "head"): {6379, 8265, 10001, 40000},
        ("head", "worker"): {6379, 8265, 10001, 40000},
        ("night", "head"): {8265, 10001},
        ("submitter", "head"): {8265},
        ("operator", "head"): {8265},
    }
    pods = {
        "head": head, "worker": worker, "night": night, "submitter": submitter, "operator": operator, "stranger": {"app": "x"},
    }  # fmt: skip
    for source, labels in pods.items():
        for target in ("head", "worker", "night"):
            if source == target:
                continue
            reached = {port for port in (6379, 8265, 10001, 40000) if may_reach(policies, labels, pods[target], port)}
            assert reached == allowed.get((source, target), set()), f"{source} to {target}"


def test_workers_reach_the_store_and_not_the_database() -> None:
    [policy] = [
        it for it in resources("base") if it["kind"] == "NetworkPolicy" and "Egress" in it["spec"]["policyTypes"]
    ]
    ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule.get("ports", ())}
    assert ports == {53, 443}
    for group in one("base", "RayCluster", "creative-farm")["spec"]["workerGroupSpecs"]:
        assert selects(policy["spec"]["podSelector"], group["template"]["metadata"]["labels"])
        [container] = group["template"]["spec"]["containers"]
        assert "PGPASSWORD" not in {variable["name"] for variable in container.get("env", ())}


def test_budgets_guard_pods_that_exist_and_can_be_counted() -> None:
    labels = [
        value["labels"]
        for resource in resources("base")
        for value in walk(resource)
        if isinstance(value, dict) and "labels" in value
    ]
    for budget in (it for it in resources("base") if it["kind"] == "PodDisruptionBudget"):
        assert any(selects(budget["spec"]["selector"], found) for found in labels)
        assert budget["spec"]["minAvailable"] == 1, (
            "Jobs and RayClusters have no scale: Kubernetes can count no percentage"
        )


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_settings_are_settings(overlay: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from creative.registry.address import address
    from creative.settings import settings
    from creative.store.s3_place import place_of

    [text] = one(overlay, "ConfigMap", "creative-settings")["data"].values()
    file = tmp_path / "creative.toml"
    file.write_text(text)
    for name in [name for name in os.environ if name.startswith("CREATIVE_")]:
        monkeypatch.delenv(name)
    night = one(overlay, "CronJob", "creative-nightly")["spec"]["jobTemplate"]["spec"]["template"]["spec"][
        "containers"
    ][0]
    for variable in night["env"]:
        if "value" in variable:
            monkeypatch.setenv(variable["name"], variable["value"])
    monkeypatch.setenv("CREATIVE_CONFIG", str(file))
    found = settings()
    found.check_reach()
    assert found.remote and found.profile == "production"
    assert place_of(found.store).prefix == "farm"
    assert address(found.registry, {"PGPASSWORD": "x"}).database == "farm"
    assert found.address == "ray://creative-farm-head-svc:10001", "KubeRay's name for the head's service"
    assert str(found.out) == "/var/lib/creative", "the volume of the images"
    assert tomllib.loads(text)["default"] == "production"
    group = one(overlay, "RayCluster", "creative-farm")["spec"]["workerGroupSpecs"][0]
    [container] = group["template"]["spec"]["containers"]
    assert found.workers == group["maxReplicas"] * int(container["resources"]["limits"]["cpu"]), (
        "what the group can become"
    )
