"""The table of models (`creative/models/rows.yaml`, and the operator's own): what each is, may be used for, and takes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml.error import YAMLError

from creative.brief.types import did_you_mean
from creative.errors import UsageError
from creative.plain_yaml import read_plain

_OWN = Path(__file__).with_name("rows.yaml")
Task = Literal[
    "text-to-image", "image-to-image", "inpaint", "text-to-video", "image-to-video", "text-to-speech",
    "voice-conversion", "audio-codec", "lora", "decoder",
]  # fmt: skip
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_UNSOURCED = frozenset(
    ("name", "library", "repo", "variant", "skip", "only", "convert", "archive", "enabled", "sources", "lora")
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Licence(_Part):
    """Of code and of weights. `terms`: what else was agreed to. `attribution`: what has to be named where it was used."""

    code: str
    weights: str
    commercial: bool
    terms: str = ""
    attribution: str = ""


class Frames(_Part):
    """Lengths of film that the model makes: `step` times a number, and `plus`, up to `most`; at `fps`."""

    most: int = Field(ge=1)
    step: int = Field(ge=1)
    plus: int = Field(ge=0)
    fps: int = Field(ge=1)


class GpuSeconds(_Part):
    """What one `unit` takes on one `card`. Not `measured`: counted, published by others, or guessed."""

    unit: Literal["image", "second of film", "second of speech"]
    value: float = Field(gt=0)
    card: str
    measured: bool


class Source(_Part):
    """Where facts are from: the fields, a place that others can look up, and when it was looked at.

    `how`: read there; measured by a command of this project; counted of the true architecture; unconfirmed where it is a guess,
    or nobody has read the place.
    """

    of: tuple[str, ...] = Field(min_length=1)
    from_: str = Field(alias="from", min_length=4)
    how: Literal["read", "measured", "counted", "unconfirmed"] = "read"
    on: datetime.date


class ModelRow(_Part):
    """One model.

    `class`: of the library, or "module:Class"; `classes` by task where it differs. `repo`, `revision`: the hub's, or
    `archive`, a file of another place. `vram_gb`: least memory of a card in GB by precision ("-offload": parts wait in main
    memory). `sizes`: pixels, width first, that it was trained for. `prompt_tokens`: what is longer is cut. `phonemiser`: what
    turns text into sounds; "espeak-ng" is GPL, and such a row is not `enabled`. `only`, `skip`: patterns of the repository's
    files. `convert`: pickled files that `pull` turns into safetensors. `sha256`: of those, where they are known.
    `runtime_env`: the environment of its own in which Ray runs it.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$")
    task: tuple[Task, ...] = Field(min_length=1)
    library: Literal["diffusers", "transformers", "TTS", "chatterbox-tts", "qwen-tts"]
    class_: str = Field(alias="class")
    classes: Mapping[Task, str] = Field(default_factory=dict)
    repo: str
    revision: str | None = Field(None, pattern=r"^[0-9a-f]{40}$")
    archive: str | None = None
    licence: Licence
    vram_gb: Mapping[str, float] = Field(min_length=1)
    sizes: tuple[tuple[int, int], ...] = ()
    frames: Frames | None = None
    steps: int | None = Field(None, ge=1)
    guidance: float | None = None
    dtype: Literal["bfloat16", "float16", "float32"]
    prompt_tokens: int | None = None
    languages: tuple[str, ...] = ()
    phonemiser: Literal["none", "espeak-ng", "gruut"] | None = None
    clones: bool = False
    enabled: bool = True
    lora: str | None = None
    variant: str | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    convert: Mapping[str, str] = Field(default_factory=dict)
    sha256: Mapping[str, Sha256] = Field(default_factory=dict)
    runtime_env: Mapping[str, Any] = Field(default_factory=dict)
    gpu_seconds: GpuSeconds | None = None
    sources: tuple[Source, ...] = Field(min_length=1)

    def unsourced(self) -> list[str]:
        """Facts of the row that no source speaks for."""
        spoken = {name for source in self.sources for name in source.of}
        said = {type(self).model_fields[name].alias or name for name in self.model_fields_set}
        if self.revision is None:
            said.discard("revision")
        return sorted(said - spoken - _UNSOURCED)

    def unconfirmed(self) -> list[str]:
        """Facts of the row that are guesses, or whose place nobody has read, in the row's order."""
        firm = {name for source in self.sources if source.how != "unconfirmed" for name in source.of}
        said = [name for source in self.sources for name in source.of if name not in firm]
        return list(dict.fromkeys(said))

    def recipe(self) -> dict[str, Any]:
        """What a backend of diffusers is told of the model where its own options are silent (`workers.generate.recipe`)."""
        said: dict[str, Any] = {
            "pipeline": self.class_,
            "sizes": self.sizes,
            "steps": self.steps,
            "guidance": self.guidance,
            "dtype": self.dtype,
            "inpaint": self.classes.get("inpaint", ""),
            "first": self.classes.get("image-to-video", ""),
            "prompt_tokens": self.prompt_tokens,
            "lora": self.lora or "",
            "variant": self.variant or "",
            "vram_gb": max((gb for how, gb in self.vram_gb.items() if "offload" not in how), default=0.0),
        }
        return said if self.frames is None else said | {"frames": self.frames.model_dump()}

    @property
    def least_vram_gb(self) -> float:
        """With everything that saves memory."""
        return min(self.vram_gb.values())


@cache
def own_models() -> dict[str, ModelRow]:
    """The package's own rows by name, in the table's order."""
    return _read(_OWN)


def load_models(more: Iterable[Path] = ()) -> dict[str, ModelRow]:
    """The package's rows and those of other tables (`models:` in a table of backends, or alone); a row of the same name replaces
    the earlier one. Raises UsageError for a table that cannot be read or a row that is wrong.
    """
    return dict(own_models()) | operators_models(more)


def operators_models(tables: Iterable[Path]) -> dict[str, ModelRow]:
    """The rows of these tables alone; one that has backends and no models has none. Raises as `load_models`."""
    found: dict[str, ModelRow] = {}
    for path in tables:
        found |= _read(path)
    for row in found.values():
        if row.lora is not None and row.lora not in found and row.lora not in own_models():
            raise UsageError(
                f"the model {row.name} takes the LoRA {row.lora}, and no table of models has a row of that name"
            )
    return found


def choose_model(models: Mapping[str, ModelRow], name: str) -> ModelRow:
    """The row of that name. Raises UsageError with what there is."""
    if name not in models:
        hint = did_you_mean(name, models) or f"There is: {', '.join(models)}"
        raise UsageError(f"there is no model {name!r}. {hint}")
    return models[name]


def _read(path: Path) -> dict[str, ModelRow]:
    try:
        table = read_plain(path)
    except OSError as error:
        raise UsageError(f"{path}: the table of models cannot be read: {error.strerror or error}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a table of models: it is not YAML") from error
    rows = table.get("models") if isinstance(table, dict) else None
    if isinstance(table, dict) and "backends" in table and "models" not in table:
        return {}
    if not isinstance(rows, list):
        raise UsageError(f"{path}: not a table of models: begin with `models:`, then one row an item")
    found: dict[str, ModelRow] = {}
    for number, written in enumerate(rows, 1):
        name = written.get("name", "without a name") if isinstance(written, dict) else "no row"
        try:
            row = ModelRow.model_validate(written)
        except ValidationError as error:
            detail = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(map(str, detail["loc"]))
            raise UsageError(f"{path}: row {number} ({name}): {field}: {detail['msg']}") from error
        if row.name in found:
            raise UsageError(f"{path}: row {number}: there is a {row.name} already")
        found[row.name] = row
    return found
