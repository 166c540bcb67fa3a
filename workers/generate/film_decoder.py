"""Wan's decoder in few large parts: a film's first pictures are there, and can be encoded, while its last are still latents.

The library decodes latent after latent, each with what the one before left in its causal convolutions. Here several go at
once, which is the same sum: what precedes the film is zeros either way. All parts but the first then have one form, so that
one compiled function does for all of them, from latents to bytes.

The library lays zeros around every input of a convolution and then convolves it without a border: two copies of the largest
things there are, of which an H100 did 200 in a film. A convolution that lays its border itself makes the same sum.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

_AT_ONCE = (2, 3, 1)
"""Latents in a part: the first of these by which a film can be cut without a rest. More is no faster, takes memory, and leaves
more to encode when all is decoded."""
_MOST_PIXELS = 8_000_000
"""Of all pictures of a part: 8 of 1280x704. Wan 2.2's decoder takes about 2.6 kB a pixel while it works."""


def fits(vae: Any) -> bool:
    """Whether this is a decoder of Wan's that is not told to work in tiles."""
    return type(vae).__name__ == "AutoencoderKLWan" and not vae.use_tiling


def borders_inside(vae: Any) -> int:
    """Have the convolutions of a coder of Wan's lay their own borders; how many were changed. Only time is put before them."""
    changed = 0
    for module in vae.modules():
        if type(module).__name__ == "WanCausalConv3d":
            across, _, down, _, before, _ = module._padding
            module.padding, module._padding = (0, down, across), (0, 0, 0, 0, before, 0)
            plain: Any = type(module)
            module.__class__ = _causal(plain)
            changed += 1
    return changed


@functools.cache
def _causal(plain: Any) -> Any:
    """The library's convolution that sees no later frame, for inputs without a border."""
    import torch

    class Causal(plain):  # type: ignore[misc]  # a class that is only known at run time
        """(films, channels, frames, h, w); `cache_x`: the frames before them, one or two."""

        def forward(self, x: Any, cache_x: Any = None) -> Any:
            before = self._padding[4]
            if before and cache_x is not None:
                x = torch.cat([cache_x.to(x.device), x], dim=2)
                before -= cache_x.shape[2]
            if before > 0:
                x = torch.nn.functional.pad(x, (0, 0, 0, 0, before, 0))
            return self._conv_forward(x, self.weight, self.bias)

    Causal.__name__ = "CausalConv3d"
    return Causal


class FilmDecoder:
    """The decoder of one VAE. `most`: latents in a part at most. `last`: channels last, as its weights are then.

    `finish`: what becomes of pictures of -1 to 1, (films, 3, frames, h, w), on the card; it is compiled with the rest.
    """

    def __init__(
        self,
        vae: Any,
        *,
        most: int = 3,
        last: bool = False,
        compiled: bool = False,
        finish: Callable[[Any], Any] = lambda shown: shown,
    ) -> None:
        import torch

        self._vae, self._most, self._finish = vae, most, finish
        self._format = torch.channels_last_3d if last else torch.contiguous_format
        self._step = torch.compile(self._decoded, dynamic=False) if compiled else self._decoded

    def parts(self, latents: Any) -> Iterator[Any]:
        """Pictures of one film or several, as they are finished: one frame first, then four a latent."""
        inside = self._vae.post_quant_conv(latents).contiguous(memory_format=self._format)
        caches: list[Any] = [None] * self._vae._cached_conv_counts["decoder"]
        shown, caches = self._first(inside[:, :, :1], caches)
        yield shown
        rest = inside.shape[2] - 1
        size = self._size(rest, inside.shape[3] * inside.shape[4])
        for start in range(1, rest + 1, size):
            part = inside[:, :, start : start + size].clone(memory_format=self._format)
            shown, caches = self._step(part, caches)
            yield shown

    def _size(self, rest: int, area: int) -> int:
        """How many of `rest` latents of `area` values go at once."""
        pixels = 4 * area * self._vae.spatial_compression_ratio**2
        most = min(self._most, max(_MOST_PIXELS // pixels, 1))
        return next(count for count in _AT_ONCE if count <= most and rest % count == 0)

    def _first(self, latent: Any, caches: list[Any]) -> tuple[Any, list[Any]]:
        """The film's first picture, and what it leaves behind, in the form of what later parts leave: two frames each."""
        import torch

        forms: list[Any] = []
        hooks = [
            module.register_forward_pre_hook(lambda _, given: forms.append(given[0].shape))
            for module in self._vae.decoder.modules()
            if type(module).__name__ == "WanResample" and module.mode == "upsample3d"
        ]
        try:
            shown = self._vae.decoder.forward(latent, feat_cache=caches, feat_idx=[0], first_chunk=True)
        finally:
            for hook in hooks:
                hook.remove()
        left = iter(forms)
        whole = []
        for cache in caches:
            if isinstance(cache, str):  # nothing came before: zeros
                batch, channels, _, height, width = next(left)
                cache = latent.new_zeros((batch, channels, 2, height, width))
            elif cache is not None and cache.shape[2] < 2:
                cache = torch.nn.functional.pad(cache, (0, 0, 0, 0, 2 - cache.shape[2], 0))
            whole.append(None if cache is None else cache.clone(memory_format=self._format))
        return self._shown(shown), whole

    # A copy, not a view made contiguous: of a form with one film the strides would differ, and another graph be made for it.
    def _decoded(self, part: Any, caches: list[Any]) -> tuple[Any, list[Any]]:
        left = list(caches)
        shown = self._vae.decoder.forward(part, feat_cache=left, feat_idx=[0])
        return self._shown(shown), [None if one is None else one.clone(memory_format=self._format) for one in left]

    def _shown(self, made: Any) -> Any:
        from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify

        if self._vae.config.patch_size is not None:
            made = unpatchify(made, patch_size=self._vae.config.patch_size)
        return self._finish(made.clamp(-1.0, 1.0))
