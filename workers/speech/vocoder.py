"""XTTS' decoder, which makes samples of latents: many lines at once, each as if it were alone.

A line that is shorter than its neighbours is filled up behind its end, where the decoder alone would see its own edge: the
last tenth of a second would differ. So the ends of all lines are decoded once more, in a batch of equal lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import parametrize

_REACH = 16
"""Frames that a sample may depend on to each side: 3 of the first convolution, 7.5 of the first residual blocks (kernel 11,
dilations 1, 3, 5, at eight samples a frame), less than 3 of all later ones."""
_TOGETHER = 16  # lines: 6 s of one take about 0.1 GB at the last layers


class Vocoder:
    """A `TTS.tts.layers.xtts.hifigan_decoder.HifiDecoder`, for reading only, in `dtype`."""

    def __init__(self, decoder: Any, dtype: torch.dtype, together: int = _TOGETHER) -> None:
        self.decoder, self.net, self.dtype, self.together = decoder, decoder.waveform_decoder, dtype, together
        for module in list(self.net.modules()):  # a norm of weights that no longer change
            if parametrize.is_parametrized(module, "weight"):
                parametrize.remove_parametrizations(module, "weight")
        self.net.to(dtype)
        self.hop = 1
        for layer in self.net.ups:
            self.hop *= int(layer.stride[0])

    def sounds(self, latents: Sequence[Tensor], colours: Sequence[Tensor]) -> list[Tensor]:
        """Samples (on the CPU, float32) of each line's `latents`, (tokens, width), in its voice's `colour`, (1, width, 1)."""
        order = sorted(range(len(latents)), key=lambda number: (len(latents[number]), number))
        made: dict[int, Tensor] = {}
        for start in range(0, len(order), self.together):
            group = order[start : start + self.together]
            frames = [self._frames(latents[number]) for number in group]
            colour = torch.cat([colours[number] for number in group]).to(self.dtype)
            for number, one in zip(group, self._group(frames, colour), strict=True):
                made[number] = one
        return [made[number] for number in range(len(latents))]

    def _frames(self, latents: Tensor) -> Tensor:
        """The latents at the rate of the decoder's frames, (width, frames), as the library stretches them."""
        decoder = self.decoder
        wide = F.interpolate(
            latents.float().T[None],
            scale_factor=[decoder.ar_mel_length_compression / decoder.output_hop_length],
            mode="linear",
        )
        if decoder.output_sample_rate != decoder.input_sample_rate:
            wide = F.interpolate(
                wide, scale_factor=[decoder.output_sample_rate / decoder.input_sample_rate], mode="linear"
            )
        return wide[0].to(self.dtype)

    def _group(self, frames: Sequence[Tensor], colour: Tensor) -> list[Tensor]:
        lengths = [one.shape[1] for one in frames]
        longest = max(lengths)
        whole = torch.stack([F.pad(one, (0, longest - one.shape[1])) for one in frames])
        sound = self.net(whole, g=colour)[:, 0].float()
        short = [row for row, length in enumerate(lengths) if length < longest]
        ends = [row for row in short if lengths[row] >= 2 * _REACH]
        if ends:
            tails = torch.stack([frames[row][:, -2 * _REACH :] for row in ends])
            right = self.net(tails, g=colour[ends])[:, 0, _REACH * self.hop :].float()
            for row, tail in zip(ends, right, strict=True):
                stop = lengths[row] * self.hop
                sound[row, stop - len(tail) : stop] = tail
        for row in short:
            if row not in ends:  # too short to have an end of its own
                alone = self.net(frames[row][None], g=colour[row : row + 1])[0, 0].float()
                sound[row, : len(alone)] = alone
        kept = sound.cpu()
        return [kept[row, : length * self.hop].clone() for row, length in enumerate(lengths)]
