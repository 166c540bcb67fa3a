"""What makes models fast changes nothing that is seen, and compiles each form once: tried with what a card would be told,
on a CPU, where graphs are made and counted, and not translated."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from creative.errors import UsageError
from tests.support.tiny_models import row
from workers.generate.attention import by_products
from workers.generate.film_decoder import FilmDecoder, borders_inside
from workers.generate.fp8 import Fp8Linear, in_fp8
from workers.generate.graphs import Graphed
from workers.generate.norms import ChannelNorm, by_channels
from workers.generate.painting import Painter
from workers.generate.pipelines import Pipelines
from workers.generate.recipe import Recipe, recipe_of
from workers.generate.switches import lighter, networks, switched, without_graphs
from workers.models.libraries import diffusers_ready, quiet


def _pipe(models: Path, name: str) -> Any:
    diffusers = diffusers_ready()
    kinds = {
        "rehearse-flux2-klein": "Flux2KleinPipeline",
        "rehearse-z-image": "ZImagePipeline",
        "rehearse-wan": "WanPipeline",
    }
    kind = getattr(diffusers, kinds.get(name, "StableDiffusionXLPipeline"))
    pipe = kind.from_pretrained(str(models / name), local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _painted(pipe: Any, count: int, size: tuple[int, int], **more: Any) -> Any:
    import torch

    if not hasattr(pipe, "told"):
        pipe.told = pipe.encode_prompt(prompt=["a cup of tea"])
    told = pipe.told
    words = told[0]
    embeds = [words[0]] * count if isinstance(words, list) else torch.cat([words] * count)
    asked = {
        "prompt_embeds": embeds,
        "width": size[0],
        "height": size[1],
        "num_inference_steps": 2,
        "guidance_scale": 0.0,
    }
    if type(pipe).__name__.startswith("StableDiffusionXL"):
        asked["pooled_prompt_embeds"] = torch.cat([told[2]] * count)
    asked["generator"] = [torch.Generator("cpu").manual_seed(number) for number in range(count)]
    with torch.inference_mode(), quiet():
        return pipe(**asked | more, output_type="pt", return_dict=False)[0]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[], tuple[int, int]]]:
    """How many graphs were made so far, and at how many places one was broken off."""
    import torch
    import torch._dynamo as dynamo

    plain = torch.compile

    def told(function: Any = None, **named: Any) -> Any:
        return plain(function, backend="eager", **named)

    monkeypatch.setattr(torch, "compile", told)
    monkeypatch.setattr(logging.getLogger("torch.__trace"), "disabled", True)  # every line of every graph, otherwise
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    kept = {name: getattr(dynamo.config, name) for name in ("recompile_limit", "suppress_errors")}
    dynamo.reset()
    dynamo.utils.counters.clear()
    yield lambda: (dynamo.utils.counters["stats"]["unique_graphs"], sum(dynamo.utils.counters["graph_break"].values()))
    for name, value in kept.items():
        setattr(dynamo.config, name, value)
    dynamo.reset()


def _recipe(pipe: Any, **switches: Any) -> Recipe:
    return Recipe("tiny", type(pipe).__name__, ((64, 64),), 2, 0.0, "float32", **switches)


@pytest.mark.parametrize(
    ("name", "switches", "most"),
    [
        (
            "rehearse-flux2-klein",
            {"fused": True},
            9,
        ),  # two blocks and the decoder, of three token counts and decoded sizes
        pytest.param("rehearse-z-image", {}, 15, marks=pytest.mark.long),
        pytest.param("rehearse-sdxl", {}, 48, marks=pytest.mark.long),
    ],
)
def test_a_mixed_night_compiles_nothing_twice(
    models: Path, counted: Callable[[], tuple[int, int]], name: str, switches: dict[str, Any], most: int
) -> None:
    import torch

    pipe = _pipe(models, name)
    plain = _painted(pipe, 1, (64, 96))
    switched(pipe, _recipe(pipe, **switches), torch.device("cuda"), torch.float32)
    night = [((64, 96), 1), ((96, 64), 1), ((64, 64), 2)]
    for size, count in night:
        made = _painted(pipe, count, size)
        assert len(made) == count
        if size == (64, 96):
            torch.testing.assert_close(made, plain, atol=2e-3, rtol=0)
    graphs, broken = counted()
    assert 0 < graphs <= most and not broken
    for size, count in reversed(night):
        _painted(pipe, count, size)
    assert counted() == (graphs, 0)


def test_all_parts_of_films_share_one_graph(models: Path, counted: Callable[[], tuple[int, int]]) -> None:
    import torch

    pipe = _pipe(models, "rehearse-wan")
    decoder = switched(pipe, _recipe(pipe), torch.device("cuda"), torch.float32)
    assert decoder is not None
    for frames in (5, 3):  # latents: the first, and two or one times two
        latents = torch.randn(1, int(pipe.vae.config.z_dim), frames, 4, 4)
        with torch.inference_mode():
            parts = [pixels.shape[1] for pixels, _ in decoder.parts(latents)]
        assert parts == [1] + [8] * (frames // 2)
    assert counted() == (1, 0)


def _coder(residual: bool) -> Any:
    """Wan 2.1's coder of films in small, or 2.2's."""
    import torch

    more: dict[str, Any] = {"latents_mean": [0.0] * 4, "latents_std": [1.0] * 4}
    if residual:
        more |= {
            "is_residual": True,
            "in_channels": 12,
            "out_channels": 12,
            "patch_size": 2,
            "scale_factor_spatial": 16,
        }
    torch.manual_seed(3)
    made = diffusers_ready().AutoencoderKLWan(base_dim=8, z_dim=4, num_res_blocks=1, **more)
    return made.eval().requires_grad_(False)


def test_a_second_network_is_made_fast_too(models: Path, counted: Callable[[], tuple[int, int]]) -> None:
    import torch

    pipes = Pipelines(row("rehearse-wan-first"), recipe_of(row("rehearse-wan-first")), "WanImageToVideoPipeline")
    both = networks(pipes.other)
    assert [type(net).__name__ for net in both] == ["WanTransformer3DModel"] * 2 and both[0] is not both[1]
    switched(pipes.words, _recipe(pipes.words), torch.device("cuda"), torch.float32)
    assert all(block._compiled_call_impl is not None for net in both for block in net.blocks)


@pytest.mark.parametrize("residual", [False, True], ids=["wan2.1", "wan2.2"])
@pytest.mark.parametrize(("most", "latents_"), [(1, 7), (3, 7), (3, 4)])
def test_parts_are_what_the_library_decodes(residual: bool, most: int, latents_: int) -> None:
    import torch

    vae = _coder(residual)
    latents = torch.randn(2, 4, latents_, 4, 6)
    with torch.inference_mode():
        whole = vae.decode(latents, return_dict=False)[0]
        parts = list(FilmDecoder(vae, most=most).parts(latents))
    assert (
        [part.shape[2] for part in parts] == [1, 4, 4, 4, 4, 4, 4]
        if most == 1
        else [1, 8, 8, 8]
        if latents_ == 7
        else [1, 12]
    )
    if most == 1:
        assert torch.equal(torch.cat(parts, 2), whole)
    torch.testing.assert_close(torch.cat(parts, 2), whole, atol=1e-4, rtol=0)


def test_large_parts_of_large_pictures_are_smaller() -> None:
    diffusers = diffusers_ready()
    decoder = FilmDecoder(diffusers.AutoencoderKLWan(base_dim=8, z_dim=4, num_res_blocks=1))
    assert [decoder._size(20, high * wide) for high, wide in ((60, 104), (88, 160), (136, 240))] == [2, 2, 1]


@pytest.mark.parametrize("name", ["rehearse-flux2-klein", "rehearse-z-image"])
def test_a_text_is_read_to_the_bit_without_what_nobody_looks_at(models: Path, name: str) -> None:
    import torch

    pipe = _pipe(models, name)
    layers = pipe.text_encoder.config.num_hidden_layers
    before = pipe.encode_prompt(prompt=["a cup of tea on a table"])[0]
    lighter(pipe)
    after = pipe.encode_prompt(prompt=["a cup of tea on a table"])[0]
    assert not hasattr(pipe.text_encoder, "lm_head")
    assert (len(pipe.text_encoder.layers) < layers) == ("klein" in name)
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one, other)
    lighter(pipe)
    assert torch.equal(pipe.encode_prompt(prompt=["a cup of tea on a table"])[0][0], before[0])


def test_a_film_from_words_has_one_time(models: Path) -> None:
    import torch

    pipe = _pipe(models, "rehearse-wan")
    pipe.register_to_config(expand_timesteps=True)
    seen: list[Any] = []
    pipe.transformer.register_forward_pre_hook(
        lambda _, __, named: seen.append(named["timestep"].ndim), with_kwargs=True
    )
    made = _painted(pipe, 1, (64, 64), num_frames=5)
    lighter(pipe)
    torch.testing.assert_close(_painted(pipe, 1, (64, 64), num_frames=5), made, atol=1e-4, rtol=0)
    assert seen == [2, 2, 1, 1]


def test_eight_bits_are_near_and_only_in_large_layers_of_blocks() -> None:
    import torch

    class Block(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.large, self.small = torch.nn.Linear(640, 1024), torch.nn.Linear(1024, 24)

        def forward(self, given: Any) -> Any:
            return self.large(given)

    torch.manual_seed(5)
    network = torch.nn.Sequential(Block(), torch.nn.Linear(1024, 1024)).to(torch.bfloat16)
    exact = copy.deepcopy(network).float()
    assert in_fp8(network, ("Block",)) == 1
    assert isinstance(network[0].large, Fp8Linear) and type(network[0].small) is type(network[1]) is torch.nn.Linear
    given = torch.randn(2, 7, 640) * torch.linspace(0.01, 100, 7)[None, :, None]  # rows of very different size
    with torch.inference_mode():
        made, wanted = network[0](given.to(torch.bfloat16)).float(), exact[0](given)
    assert made.shape == wanted.shape
    off = (made - wanted).norm(dim=2) / wanted.norm(dim=2)
    assert 0 < float(off.max()) < 0.06


@pytest.mark.parametrize("form", [(2, 64, 9, 7), (1, 64, 5), (3, 64)])
def test_a_norm_over_channels_first_is_the_same_norm(form: tuple[int, ...]) -> None:
    import torch

    torch.manual_seed(9)
    plain = torch.nn.GroupNorm(8, 64)
    torch.nn.init.normal_(plain.weight)
    torch.nn.init.normal_(plain.bias)
    network = torch.nn.Sequential(copy.deepcopy(plain))
    assert by_channels(network) == 1 and isinstance(network[0], ChannelNorm) and by_channels(network) == 0
    given = torch.randn(form) * 3 + 20
    with torch.inference_mode():
        torch.testing.assert_close(network(given), plain(given), atol=2e-3, rtol=1e-3)
        assert network(given.to(torch.bfloat16)).dtype == torch.bfloat16


def test_a_wide_attention_by_products_is_the_same_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    diffusers = diffusers_ready()
    monkeypatch.setattr("workers.generate.attention._MOST", 1000)  # some rows at a time
    torch.manual_seed(11)
    vae = diffusers.AutoencoderKL(block_out_channels=(32,), norm_num_groups=8).eval().requires_grad_(False)
    latents = torch.randn(2, 4, 12, 10)
    with torch.inference_mode():
        wanted = vae.decode(latents, return_dict=False)[0]
        assert by_products(vae.decoder, torch.device("cpu")) == 1
        torch.testing.assert_close(vae.decode(latents, return_dict=False)[0], wanted, atol=1e-4, rtol=0)


def test_what_is_not_on_a_card_is_called_as_it_is() -> None:
    import torch

    calls: list[int] = []

    def function(one: Any, more: Any = None) -> Any:
        calls.append(1)
        return one * 2

    given = torch.ones(3)
    with torch.inference_mode():
        assert Graphed(function)(given, more={"x": None}).tolist() == [2.0] * 3
    assert calls == [1]


def test_weights_that_move_leave_no_graph_behind() -> None:
    import torch

    network = torch.nn.Linear(2, 2)
    plain = network.forward
    network.forward = Graphed(plain)
    without_graphs(network)
    without_graphs(network)
    assert network.forward == plain


@pytest.mark.parametrize("tiled", [False, True])
def test_a_film_comes_in_parts_and_whole_where_it_is_decoded_in_tiles(models: Path, tiled: bool) -> None:
    import torch

    pipe = _pipe(models, "rehearse-wan")
    pipes = Pipelines.of(pipe, _recipe(pipe, tiling=tiled), torch.device("cpu"))
    embeds = pipe.encode_prompt(prompt=["a cup"])[0]
    asked = {
        "prompt_embeds": embeds,
        "width": 64,
        "height": 64,
        "num_frames": 9,
        "num_inference_steps": 2,
        "guidance_scale": 1.0,
    }
    asked["generator"] = [torch.Generator("cpu").manual_seed(1)]
    parts = list(Painter(pipes).film(pipe, asked))
    assert [part.pixels.shape for part in parts] == [(count, 64, 64, 3) for count in ([9] if tiled else [1, 8])]
    assert all(part.finite for part in parts)
    pipes.close()


@pytest.mark.parametrize("residual", [False, True], ids=["wan2.1", "wan2.2"])
def test_a_coder_that_lays_its_borders_itself_makes_the_same(residual: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    vae = _coder(residual)
    films, latents = torch.rand(2, 3, 9, 64, 32) * 2 - 1, torch.randn(2, 4, 3, 4, 6)
    with torch.inference_mode():
        wanted = vae.encode(films).latent_dist.mean, vae.decode(latents).sample
        assert borders_inside(vae) > 40 and borders_inside(vae) == 0
        laid: list[Any] = []
        pad = torch.nn.functional.pad

        def noted(given: Any, by: Any, *rest: Any) -> Any:
            laid.append(tuple(by))
            return pad(given, by, *rest)

        monkeypatch.setattr(torch.nn.functional, "pad", noted)
        made = vae.encode(films).latent_dist.mean, vae.decode(latents).sample
    for one, other in zip(made, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=2e-6, rtol=1e-5)
    # Time before a film's first frame, and the one row that the encoder's halving lacks: nothing around a picture.
    assert set(laid) <= {(0, 0, 0, 0, 2, 0), (0, 0, 0, 0, 1, 0), (0, 0, 0, 0, 0, 0), (0, 1, 0, 1)}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"compile": True}, "blocks"),
        ({"compile": False}, ""),
        ({"compile": "whole"}, "whole"),
        ({"fp8": True}, "storage"),
    ],
)
def test_a_row_may_say_yes_or_how(models: Path, said: dict[str, Any], meant: str) -> None:
    ((key, _),) = said.items()
    assert getattr(recipe_of(row("rehearse-sdxl", **said)), key) == meant


@pytest.mark.parametrize("said", [{"compile": "very"}, {"compile": ["whole"]}, {"fp8": 8}])
def test_a_way_that_there_is_not_is_named(models: Path, said: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"rehearse-sdxl.*{next(iter(said))} must be one of"):
        recipe_of(row("rehearse-sdxl", **said))
