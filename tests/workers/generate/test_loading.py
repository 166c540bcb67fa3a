"""Networks whose weights were read beforehand are the ones that their library loads."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.children import said
from tests.support.tiny_models import IMAGES
from workers.generate.ahead import tensors
from workers.generate.loading import Reading, files_of
from workers.models.libraries import diffusers_ready, quiet


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", [*IMAGES, "rehearse-wan"])
def test_parts_that_were_read_beforehand_are_as_the_library_loads_them(name: str, precision: str, models: Path) -> None:
    diffusers = diffusers_ready()
    import torch

    folder, dtype = models / name, getattr(torch, precision)
    with quiet():
        found = Reading(folder, torch.device("cpu")).parts(diffusers, dtype)
        wanted = diffusers.DiffusionPipeline.from_pretrained(str(folder), dtype=dtype, local_files_only=True)
        given = type(wanted).from_pretrained(str(folder), dtype=dtype, local_files_only=True, **found)
        given.to("cpu")
    assert {"vae", "text_encoder"} <= found.keys()
    assert {"unet", "transformer"} & found.keys()
    for part, network in found.items():
        assert getattr(given, part) is network
        own, ours = getattr(wanted, part).state_dict(), network.state_dict()
        assert own.keys() == ours.keys()
        assert all(torch.equal(own[key], ours[key]) and own[key].dtype == ours[key].dtype for key in own)
        assert not network.training and not any(one.is_meta for one in [*network.parameters(), *network.buffers()])
        buffers = dict(getattr(wanted, part).named_buffers())
        assert all(torch.equal(one, buffers[key]) for key, one in network.named_buffers())
        if part.startswith("text"):
            there = getattr(wanted, part).config
            assert network.config._attn_implementation == there._attn_implementation
            place = {"_name_or_path": ""}  # of two that are alike: where one was read
            assert network.config.to_dict() | place == there.to_dict() | place


def test_text_encoders_need_nothing_of_their_library_to_be_read(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diffusers = diffusers_ready()
    import torch
    import transformers

    for kind in (transformers.CLIPTextModel, transformers.CLIPTextModelWithProjection):
        monkeypatch.setattr(kind, "from_pretrained", None)
    with quiet():
        found = Reading(models / "rehearse-sdxl", torch.device("cpu")).parts(diffusers, torch.float32)
    assert found.keys() == {"unet", "vae", "text_encoder", "text_encoder_2"}


def test_a_file_of_another_network_is_left_to_the_library(models: Path, tmp_path: Path) -> None:
    diffusers = diffusers_ready()
    import torch
    from safetensors.torch import save_file

    folder = shutil.copytree(models / "rehearse-sdxl", tmp_path / "other")
    save_file({"conv_in.weight": torch.ones(2, 3)}, folder / "unet" / "diffusion_pytorch_model.safetensors")
    with quiet():
        found = Reading(folder, torch.device("cpu")).parts(diffusers, torch.float32)
    assert found.keys() == {"vae", "text_encoder", "text_encoder_2"}


@given(
    data=st.lists(
        st.tuples(
            st.sampled_from(["float32", "bfloat16", "float16", "int64", "uint8", "bool"]),
            st.lists(st.integers(0, 5), max_size=4),
        ),
        min_size=1,
        max_size=12,
    ),
    piece=st.sampled_from([1, 64, 700, 1 << 20]),
)
@settings(max_examples=40, deadline=None)
def test_any_file_is_read_as_its_library_reads_it(data: list[tuple[str, list[int]]], piece: int) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    made = {
        f"{number}.weight": (torch.randn(shape) * 100).to(getattr(torch, kind))
        for number, (kind, shape) in enumerate(data)
    }
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "model.safetensors"
        save_file(made, file, metadata={"format": "pt"})
        wanted, found = load_file(file), tensors(file, torch.device("cpu"), piece)
        assert wanted.keys() == found.keys()
        for key, one in wanted.items():
            assert one.dtype == found[key].dtype and one.shape == found[key].shape
            assert torch.equal(one, found[key]) or bool(one.isnan().any())
            assert found[key].storage_offset() * found[key].element_size() % 256 == 0


@pytest.mark.parametrize("spoilt", [b"", b"\x08\0\0\0\0\0\0\0nothing.", b"\xff" * 40])
def test_what_is_no_file_of_tensors_is_an_error(spoilt: bytes, tmp_path: Path) -> None:
    import torch

    (tmp_path / "x").write_bytes(spoilt)
    with pytest.raises((ValueError, OSError, KeyError)):
        tensors(tmp_path / "x", torch.device("cpu"))


def test_a_file_that_was_cut_is_an_error(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"a": torch.ones(1000), "b": torch.ones(1000)}, tmp_path / "x")
    (tmp_path / "x").write_bytes((tmp_path / "x").read_bytes()[:-100])
    with pytest.raises(OSError, match="ends within a tensor"):
        tensors(tmp_path / "x", torch.device("cpu"))


def test_a_picture_is_painted_without_compiler_statistics_and_clouds(models: Path, tmp_path: Path) -> None:
    told = said(
        f"""
import sys, warnings
warnings.simplefilter("ignore")
from pathlib import Path
from tests.support.tiny_models import row, scene_task
from creative.backends import Made
from workers.generate.images import DiffusersImage
spec = row("rehearse-sdxl", **{{"class": "StableDiffusionXLPipeline", "inpaint": "StableDiffusionXLInpaintPipeline"}})
(made,) = DiffusersImage(spec, 1).make([scene_task(Path({str(tmp_path)!r}), family="tags")])
assert isinstance(made, Made)
there = [name for name in ("torch._dynamo.eval_frame", "torch._inductor", "scipy", "boto3", "onnxruntime", "torch.distributed.tensor",
              "diffusers.pipelines.auto_pipeline")
         if name in sys.modules]
print(there)
"""
    )
    assert told == "[]"


def test_shards_and_variants_are_found(tmp_path: Path) -> None:
    assert files_of(tmp_path) == ()
    (tmp_path / "diffusion_pytorch_model.fp16.safetensors").touch()
    assert files_of(tmp_path) == ()
    assert [file.name for file in files_of(tmp_path, "fp16")] == ["diffusion_pytorch_model.fp16.safetensors"]
    (tmp_path / "diffusion_pytorch_model.safetensors.index.json").write_text(
        '{"weight_map": {"a": "two.safetensors", "b": "one.safetensors", "c": "two.safetensors"}}'
    )
    assert [file.name for file in files_of(tmp_path)] == ["one.safetensors", "two.safetensors"]
