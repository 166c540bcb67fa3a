"""The fields of KubeRay's resources that are used here, as in its CRDs (1.5.1 and later): by path, with what they take.

Not a copy of the CRDs: a field that is not here is refused by the test, and is looked up and added when it is needed.
"""

from __future__ import annotations

from typing import Any

Template = "a pod template"
Text, Flag, Number = str, bool, int

GROUP: dict[str, Any] = {"rayStartParams": {str: Text}, "template": Template}
CLUSTER: dict[str, Any] = {
    "rayVersion": Text,
    "authOptions": {"mode": ("token",)},
    "enableInTreeAutoscaling": Flag,
    "autoscalerOptions": {
        "version": ("v1", "v2"),
        "upscalingMode": ("Default", "Conservative", "Aggressive"),
        "idleTimeoutSeconds": Number,
        "resources": dict,
        "securityContext": dict,
        "volumeMounts": list,
    },
    "headGroupSpec": {**GROUP, "serviceType": ("ClusterIP",)},
    "workerGroupSpecs": [
        {**GROUP, "groupName": Text, "replicas": Number, "minReplicas": Number, "maxReplicas": Number},
    ],
}
JOB: dict[str, Any] = {
    "entrypoint": Text,
    "entrypointNumCpus": Number,
    "clusterSelector": {str: Text},
    "backoffLimit": Number,
    "activeDeadlineSeconds": Number,
    "submissionMode": ("K8sJobMode",),
    "submitterConfig": {"backoffLimit": Number},
    "submitterPodTemplate": Template,
}


def problems(value: Any, wanted: Any, path: str) -> list[str]:
    """What is not as the table says, by path."""
    if wanted is Template:
        return [] if isinstance(value, dict) and value.keys() == {"metadata", "spec"} else [f"{path}: no pod template"]
    if isinstance(wanted, tuple):
        return [] if value in wanted else [f"{path}: {value!r} is none of {wanted}"]
    if isinstance(wanted, type):
        return [] if type(value) is wanted else [f"{path}: {value!r} is no {wanted.__name__}"]
    if isinstance(wanted, list):
        if not isinstance(value, list):
            return [f"{path}: is no list"]
        return [one for index, item in enumerate(value) for one in problems(item, wanted[0], f"{path}[{index}]")]
    if not isinstance(value, dict):
        return [f"{path}: is no mapping"]
    found: list[str] = []
    for key, item in value.items():
        if str in wanted:
            found += (
                [f"{path}.{key!r}: no text"]
                if not isinstance(key, str)
                else problems(item, wanted[str], f"{path}.{key}")
            )
        elif key in wanted:
            found += problems(item, wanted[key], f"{path}.{key}")
        else:
            found.append(f"{path}.{key}: there is no such field")
    return found
