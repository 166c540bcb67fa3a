"""A batch is launched without a word from the card, so that it always has the next one's work before it ends the last one's.

A copy to a card from memory that may be swapped out, a step that looks up its own number in a list on the card, a schedule that is
laid down and fetched back: each waits for all that was launched before. What they give is the same for every batch of a size:
it is asked once, and kept.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

_SCHEDULES = ("EulerDiscreteScheduler", "FlowMatchEulerDiscreteScheduler")
"""Schedulers whose steps change nothing in what `set_timesteps` laid down but their own number."""
_BY_FORM = ("_prepare_latent_ids", "_prepare_text_ids")
"""Methods of FLUX.2's pipelines whose answers are places in a picture or a text, of which a tensor's form says all."""
_MOST = 32


def upload(tensor: Any, device: Any) -> Any:
    """The tensor on the device. On a card the copy is only launched: what is launched after it finds it there."""
    if device.type != "cuda" or tensor.device.type != "cpu":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def unasked(pipe: Any, device: Any) -> None:
    """Have a pipeline of the library launch so. It draws and computes what it did before, to the bit."""
    module: Any = sys.modules[type(pipe).__module__]
    if hasattr(module, "randn_tensor") and not isinstance(module.randn_tensor, _Drawn):
        module.randn_tensor = _Drawn(module.randn_tensor)
    if hasattr(pipe, "_get_add_time_ids") and not hasattr(pipe._get_add_time_ids, "kept"):
        pipe._get_add_time_ids = _kept(pipe._get_add_time_ids, lambda made: _on(made, device))
    for name in _BY_FORM:
        if hasattr(pipe, name) and not hasattr(getattr(pipe, name), "kept"):
            setattr(pipe, name, _kept(getattr(pipe, name), lambda made: _on(made, device), _form))
    scheduler = pipe.scheduler
    if type(scheduler).__name__ in _SCHEDULES and not hasattr(scheduler.set_timesteps, "kept"):
        scheduler.set_timesteps = _scheduled(scheduler)


class _Drawn:
    """Noise drawn on this side as the library draws it, and uploaded."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(
        self, shape: Any, generator: Any = None, device: Any = None, dtype: Any = None, layout: Any = None
    ) -> Any:
        import torch

        one = generator[0] if isinstance(generator, list) and generator else generator
        there = torch.device(device) if device is not None else None
        if there is None or there.type == "cpu" or one is None or one.device.type != "cpu":
            return self._function(shape, generator=generator, device=device, dtype=dtype, layout=layout)
        return upload(self._function(shape, generator=generator, device=one.device, dtype=dtype, layout=layout), there)


def _kept(
    function: Callable[..., Any], change: Callable[[Any], Any], told: Callable[[Any], Any] | None = None
) -> Callable[..., Any]:
    """The function, asked once for all that `told` makes of its arguments: by default their own words."""
    answers: dict[Any, Any] = {}

    @functools.wraps(function)
    def asked(*given: Any, **named: Any) -> Any:
        key = _key(given, named, told)
        if key not in answers:
            if len(answers) >= _MOST:
                answers.clear()
            answers[key] = change(function(*given, **named))
        return answers[key]

    asked.kept = answers  # type: ignore[attr-defined]  # a function has what it is given
    return asked


def _scheduled(scheduler: Any) -> Callable[..., Any]:
    function = scheduler.set_timesteps
    laid: dict[Any, dict[str, Any]] = {}

    @functools.wraps(function)
    def asked(*given: Any, **named: Any) -> None:
        key = _key(given, named)
        if key not in laid:
            function(*given, **named)
            if len(laid) >= _MOST:
                laid.clear()
            first = scheduler.timesteps[:1] if len(scheduler.timesteps) else None
            if first is not None and int((scheduler.timesteps == first).sum()) == 1:
                scheduler.set_begin_index(0)  # it would look for its first time, and find it there
            laid[key] = {name: value for name, value in vars(scheduler).items() if name != "set_timesteps"}
        vars(scheduler).update(laid[key])

    asked.kept = laid  # type: ignore[attr-defined]  # a function has what it is given
    return asked


def _key(given: tuple[Any, ...], named: dict[str, Any], told: Callable[[Any], Any] | None = None) -> Any:
    told = told or _said
    return tuple(told(one) for one in given), tuple((name, told(one)) for name, one in sorted(named.items()))


def _form(one: Any) -> Any:
    """A tensor's form, dtype and device; anything else is itself."""
    return (tuple(one.shape), str(one.dtype), str(one.device)) if hasattr(one, "shape") else repr(one)


def _said(one: Any) -> Any:
    """A number's or a list's own words; arrays by what is in them."""
    return one.tobytes() if hasattr(one, "tobytes") else repr(one)


def _on(made: Any, device: Any) -> Any:
    return tuple(_on(one, device) for one in made) if isinstance(made, tuple) else made.to(device)
