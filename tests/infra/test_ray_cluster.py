"""ray-cluster.yaml: valid by Ray's own schema, and without the traps of its cluster launcher."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from tests.infra.reading import ROOT, documents, walk


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    [found] = documents(ROOT / "ray-cluster.yaml")
    return found


def test_it_is_valid_by_rays_own_rules(config: dict[str, Any]) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    prepared = prepare_config(copy.deepcopy(config))
    validate_config(prepared)
    for commands in ("setup_commands", "head_setup_commands", "worker_setup_commands"):
        assert prepared[commands] == [], "the defaults install a nightly build of Ray, and another boto3"


def test_rays_schema_refuses_what_is_no_field(config: dict[str, Any]) -> None:
    import jsonschema
    from ray.autoscaler._private.util import prepare_config, validate_config

    prepared = prepare_config({**copy.deepcopy(config), "max_wokers": 1})
    with pytest.raises(jsonschema.ValidationError):
        validate_config(prepared)


def test_it_has_a_head_without_cpus_and_two_groups(config: dict[str, Any]) -> None:
    groups = config["available_node_types"]
    assert set(groups) == {"head", "cpu", "gpu"} and config["head_node_type"] == "head"
    assert groups["head"]["resources"] == {"CPU": 0} and groups["head"]["max_workers"] == 0
    [start] = [command for command in config["head_start_ray_commands"] if "ray start" in command]
    assert "--num-cpus=0" in start
    assert groups["gpu"]["resources"]["GPU"] >= 1
    for name in ("cpu", "gpu"):
        assert 0 <= groups[name]["min_workers"] <= groups[name]["max_workers"]
    assert config["max_workers"] >= sum(groups[name]["max_workers"] for name in ("cpu", "gpu"))
    assert config["idle_timeout_minutes"] >= 5


def test_the_launchers_traps_are_avoided(config: dict[str, Any]) -> None:
    assert re.fullmatch("[a-z0-9-]{1,40}", config["cluster_name"]), "a colon breaks file mounts"
    for name, group in config["available_node_types"].items():
        node = group["node_config"]
        assert node["IamInstanceProfile"].keys() == {"Name"}, "a malformed Arn fails silently"
        [disk] = node["BlockDeviceMappings"]
        assert disk["Ebs"]["VolumeSize"] >= 100 and disk["Ebs"]["Encrypted"] is True, name
        assert node["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    assert config["provider"]["cache_stopped_nodes"] is False
    rules = config["provider"]["security_group"].get("IpPermissions", [])
    assert rules == [], "the GCS listens on all interfaces"
    assert not any("runtime_env" in str(value) for value in walk(config)), "Ray logs it"
    for local in config["file_mounts"].values():
        assert not re.search(r"\.\w{2,5}$", local), "Docker makes a folder of a mounted file that is not there yet"


def test_the_token_is_on_everywhere_and_written_nowhere(config: dict[str, Any]) -> None:
    options = config["docker"]["run_options"]
    assert "--env RAY_AUTH_MODE=token" in options
    [path] = [option.partition("=")[2] for option in options if "RAY_AUTH_TOKEN_PATH=" in option]
    assert path.rpartition("/")[0] in config["file_mounts"]
    assert not any("RAY_AUTH_TOKEN=" in str(value) for value in walk(config))
    [settings] = [option.partition("=")[2] for option in options if "CREATIVE_CONFIG=" in option]
    assert settings.rpartition("/")[0] in config["file_mounts"]


def test_workers_never_hold_the_registrys_password(config: dict[str, Any]) -> None:
    assert any("PGPASSWORD" in command for command in config["head_start_ray_commands"])
    assert not any("PGPASSWORD" in command for command in config["worker_start_ray_commands"])
    assert not any("PGPASSWORD" in option for option in config["docker"]["run_options"])
    head, *workers = (
        config["available_node_types"][name]["node_config"]["IamInstanceProfile"]["Name"]
        for name in ("head", "cpu", "gpu")
    )
    assert head not in workers
