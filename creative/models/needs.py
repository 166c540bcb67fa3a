"""What has to be here for something to run: a model with its LoRA, a backend with all the models that it loads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from creative.backends import BackendSpec
from creative.brief.types import did_you_mean
from creative.errors import UsageError
from creative.models.rows import ModelRow

_LOADED = ("weights", "converter", "codec", "lora", "tiny_vae")
"""Options of a backend's row that name models."""


def needed(
    names: Iterable[str], models: Mapping[str, ModelRow], backends: Iterable[BackendSpec] = ()
) -> list[ModelRow]:
    """The rows of all the models that these names, of models or of backends, take; each once, in order.

    Raises UsageError for a name that is neither, and for a backend that loads a model of which no table has a row.
    """
    rows = list(backends)
    found: dict[str, ModelRow] = {}
    for name in names:
        for one in _loads(name, rows, models):
            found[one] = models[one]
            if lora := models[one].lora:
                found.setdefault(lora, models[lora])
    return list(found.values())


def users(model: str, models: Mapping[str, ModelRow], backends: Iterable[BackendSpec]) -> list[str]:
    """The backends that load the model, by "kind name"."""
    lent = {name for name, row in models.items() if row.lora == model}
    return [f"{spec.kind} {spec.name}" for spec in backends if {model, *lent} & set(loaded(spec))]


def loaded(spec: BackendSpec) -> list[str]:
    """The names of the models that the backend's row says it loads."""
    return [name for option in _LOADED if isinstance(name := spec.options.get(option), str) and name]


def _loads(name: str, rows: Iterable[BackendSpec], models: Mapping[str, ModelRow]) -> list[str]:
    own = {spec.name: loaded(spec) for spec in rows if loaded(spec)}
    if name not in models and name not in own:
        hint = did_you_mean(name, [*models, *own]) or f"There is: {', '.join(models)}"
        raise UsageError(f"there is no model {name!r}. {hint}")
    wanted = list(dict.fromkeys([*([name] if name in models else []), *own.get(name, ())]))
    for one in wanted:
        if one not in models:
            raise UsageError(f"the backend {name} loads {one}, and no table of models has a row of that name")
    return wanted
