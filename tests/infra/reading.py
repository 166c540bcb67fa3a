"""Reading the deployment's files strictly; and kustomize, as far as infra/kubernetes uses it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
KUBERNETES = INFRA / "kubernetes"
TEXTS = sorted(
    path
    for path in (*INFRA.rglob("*"), ROOT / "ray-cluster.yaml", ROOT / ".dockerignore")
    if path.is_file() and "__pycache__" not in path.parts and ".terraform" not in path.parts
)
"""Every file that deploys the farm; all of them are text."""


class Strict(yaml.SafeLoader):
    """Refuses a key that is there twice, which YAML libraries take in silence."""


def _mapping(loader: Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} is there twice", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def documents(path: Path) -> list[dict[str, Any]]:
    """The documents of a YAML file."""
    return [one for one in yaml.load_all(path.read_text("utf-8"), Strict) if one is not None]


def built(folder: Path) -> list[dict[str, Any]]:
    """What `kubectl kustomize FOLDER` makes of the fields that are used here; any other field fails."""
    [plan] = documents(folder / "kustomization.yaml")
    known = {
        "apiVersion", "kind", "namespace", "labels", "resources", "configMapGenerator", "generatorOptions", "patches",
        "images",
    }  # fmt: skip
    assert plan.keys() <= known, f"{folder.name}: kustomize's {sorted(plan.keys() - known)} is not read by this test"
    assert plan["apiVersion"] == "kustomize.config.k8s.io/v1beta1" and plan["kind"] == "Kustomization"
    made: list[dict[str, Any]] = []
    for name in plan["resources"]:
        path = (folder / name).resolve()
        made += built(path) if path.is_dir() else documents(path)
    made = copy.deepcopy(made)
    for generator in plan.get("configMapGenerator", ()):
        _generate(made, generator, folder, plan["generatorOptions"])
    for patch in plan.get("patches", ()):
        _patch(made, patch, folder)
    for one in made:
        if "namespace" in plan and one["kind"] != "Namespace":
            one["metadata"]["namespace"] = plan["namespace"]
        for label in plan.get("labels", ()):
            one["metadata"].setdefault("labels", {}).update(label["pairs"])
    images = {image["name"]: image for image in plan.get("images", ())}
    for container in containers(made):
        name, _, tag = container["image"].partition(":")
        if name in images:
            container["image"] = f"{images[name].get('newName', name)}:{images[name].get('newTag', tag)}"
    return made


def _generate(made: list[dict[str, Any]], generator: dict[str, Any], folder: Path, options: dict[str, Any]) -> None:
    assert options == {"disableNameSuffixHash": True}
    data = {Path(name).name: (folder / name).read_text("utf-8") for name in generator["files"]}
    there = [one for one in made if one["kind"] == "ConfigMap" and one["metadata"]["name"] == generator["name"]]
    if generator.get("behavior") == "replace":
        assert len(there) == 1
        there[0]["data"] = data
    else:
        assert not there and "behavior" not in generator
        made.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": generator["name"]}, "data": data})


def _patch(made: list[dict[str, Any]], patch: dict[str, Any], folder: Path) -> None:
    text = patch.get("patch") or (folder / patch["path"]).read_text("utf-8")
    if "target" in patch:
        [steps] = list(yaml.load_all(text, Strict))
        [target] = [
            one for one in made
            if one["kind"] == patch["target"]["kind"] and one["metadata"]["name"] == patch["target"]["name"]
        ]  # fmt: skip
        for step in steps:
            _step(target, **step)
        return
    for wanted in yaml.load_all(text, Strict):
        [target] = [
            one for one in made
            if one["kind"] == wanted["kind"] and one["metadata"]["name"] == wanted["metadata"]["name"]
        ]  # fmt: skip
        _merge(target, wanted)


def _step(target: Any, op: str, path: str, value: Any = None) -> None:
    """One operation of RFC 6902."""
    *way, last = path.removeprefix("/").split("/")
    for part in way:
        target = target[int(part)] if isinstance(target, list) else target[part]
    key: Any = int(last) if isinstance(target, list) else last
    if op in ("remove", "replace"):
        target[key]  # has to be there
    if op == "remove":
        del target[key]
    elif op in ("add", "replace") and isinstance(target, dict):
        target[key] = copy.deepcopy(value)
    else:
        raise AssertionError(f"{op} {path}: not read by this test")


def _merge(target: dict[str, Any], wanted: dict[str, Any]) -> None:
    for key, value in wanted.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            assert not isinstance(value, list), "lists are merged by rules that this test does not know"
            target[key] = value


def walk(value: Any) -> Iterator[Any]:
    """The value and everything in it."""
    yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(one)


def containers(value: Any) -> Iterator[dict[str, Any]]:
    """Every container anywhere in the value."""
    for one in walk(value):
        if isinstance(one, dict):
            for key in ("containers", "initContainers"):
                yield from one.get(key, ()) or ()


def pod_specs(value: Any) -> Iterator[dict[str, Any]]:
    """Every pod's spec anywhere in the value."""
    for one in walk(value):
        if isinstance(one, dict) and isinstance(one.get("containers"), list):
            yield one


def words(text: str, pattern: str) -> set[str]:
    """What the pattern finds in the text."""
    return set(re.findall(pattern, text))
