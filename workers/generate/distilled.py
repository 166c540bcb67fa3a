"""The few steps of a film model that was distilled to them: at each it says what the film will be, and is shown that under new,
weaker noise (distribution matching distillation: FastWan's models).

None of the library's schedulers does that at given times with noise of its own for each film of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from workers.generate.unasked import upload

TRAIN_TIMES = 1000


class Renoising:
    """A scheduler for pipelines of flow models, which say velocity: noise minus film. `times`: of 1,000, falling.

    `generators`: one for each film of the next call, on this side; those that drew its first noise.
    """

    order = 1
    init_noise_sigma = 1.0

    def __init__(self, times: Sequence[int]) -> None:
        self.times = tuple(times)
        self.config = SimpleNamespace(num_train_timesteps=TRAIN_TIMES, prediction_type="flow_prediction")
        self.generators: Sequence[Any] = ()
        self._device: Any = None
        self._step = 0

    def set_timesteps(self, num_inference_steps: int, device: Any = None, **_: Any) -> None:
        """Raises ValueError for another number of steps than it was distilled to."""
        import torch

        if num_inference_steps != len(self.times):
            raise ValueError(f"distilled to {len(self.times)} steps, not {num_inference_steps}")
        self.sigmas = torch.tensor([*(time / TRAIN_TIMES for time in self.times), 0.0])
        self.timesteps = torch.tensor(self.times, dtype=torch.float32, device=device)
        self._step = 0

    def set_begin_index(self, begin_index: int = 0) -> None:
        """Every call begins with the first time."""
        self._step = begin_index

    def step(self, model_output: Any, _time: Any, sample: Any, **_: Any) -> tuple[Any]:
        """The films (films, channels, frames, h, w) under the next time's noise; after the last time, without any."""
        import torch

        now, after = (float(one) for one in self.sigmas[self._step : self._step + 2])
        self._step += 1
        clean = sample.float() - now * model_output.float()
        if not after:
            return (clean.to(sample.dtype),)
        if len(self.generators) != len(sample):
            raise ValueError(f"{len(self.generators)} generators for {len(sample)} films")
        form = (1, *sample.shape[1:])
        noise = torch.cat([torch.randn(form, generator=one, dtype=torch.float32) for one in self.generators])
        return (((1 - after) * clean + after * upload(noise, sample.device)).to(sample.dtype),)
