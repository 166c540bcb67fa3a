"""What a worker machine is asked by `creative doctor`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from creative.backends import BackendSpec, Task, resolve
from creative.errors import CreativeError, UsageError


def _shaping() -> str:
    import uharfbuzz

    from creative.font_table import ROLES, own_fonts
    from creative.typefaces import Typeface
    from workers.compose.glyphs import faces

    if not hasattr(uharfbuzz, "RasterDraw"):
        raise CreativeError("uharfbuzz has no rasteriser: text is not drawn; install its own wheel, 0.57 or later")
    for role in ROLES:
        fonts = own_fonts(role)
        face = Typeface(fonts["Latn"], fonts)
        if missing := face.missing(_SAMPLE, "ar"):
            raise CreativeError(f"the packaged fonts have no {missing[0]!r}: install the package again")
    drawn = faces({role: own_fonts(role)["Latn"] for role in ROLES})["text"].ink("Text", 24, "en")
    if drawn.mask.getbbox() is None:
        raise CreativeError("HarfBuzz draws no letters: install uharfbuzz's own wheel (pip install uharfbuzz)")
    return f"HarfBuzz {uharfbuzz.version_string()}, right-to-left too; fonts for {len(own_fonts('text')) - 1} scripts"


_SAMPLE = "Text Текст Κείμενο نص עברית ข้อความ पाठ 文字 テキスト 글자"


def _codecs() -> str:
    import av

    wanted = {"libx264": "w", "aac": "w", "libmp3lame": "w", "h264": "r", "mp3": "r"}
    missing = []
    for name, mode in wanted.items():
        try:
            av.Codec(name, "w" if mode == "w" else "r")
        except ValueError:
            missing.append(name)
    if missing:
        raise CreativeError(f"PyAV lacks {', '.join(missing)}: install its own wheel (pip install av)")
    return f"PyAV {av.__version__}: H.264, AAC, MP3"


def cluster(address: str) -> str:
    """What the cluster has, asked as a run would ask. Raises RunnerError or UsageError in plain words."""
    import ray

    from workers.ray_cluster import check_address, connect

    connect(check_address(address), None)
    try:
        found = ray.cluster_resources()
        nodes = sum(node["Alive"] for node in ray.nodes())
        return f"{nodes} machines, {found.get('CPU', 0):g} CPUs, {found.get('GPU', 0):g} GPUs, Ray {ray.__version__}"
    finally:
        ray.shutdown()


def _renderer() -> str:
    try:
        import mitsuba

        import workers.scene.denoise  # noqa: F401  Open Image Denoise, which has no version to say
    except ImportError as error:
        if "libatomic" in str(error):
            raise CreativeError("Mitsuba lacks libatomic: apt-get install libatomic1") from error
        raise

    mitsuba.set_variant("scalar_rgb")
    return f"Mitsuba {mitsuba.__version__}, Open Image Denoise"


def _fonts() -> str:
    from PIL import ImageFont

    from creative.resources import templates

    files = sorted((templates() / "fonts").glob("*.[to]tf"))
    if not files:
        raise CreativeError("no fonts in the package: install it again")
    return ", ".join(ImageFont.truetype(str(file), 20).getname()[0] or file.stem for file in files)


def _voices() -> str:
    """Each voice of the package's own table is loaded and says a word; those of an extra are tried where it is installed."""
    from creative.catalogue import load_catalogue
    from creative.voice_files import how, missing

    said, without = [], []
    for spec in load_catalogue().of_kind("speech"):
        lacking = set(missing(spec))
        voice = next((one for one in spec.facts.get("voices", ()) if one["speaker"] not in lacking), None)
        if voice is None or "weights" in spec.options:  # of those `_cards` and `creative models` say what is here
            continue
        try:
            _say_a_word(spec, voice)
        except UsageError as error:
            if "extra" not in spec.facts:
                raise
            without.append(f"{spec.name} not: {error}")
            continue
        said.append(spec.name)
        if lacking:
            without.append(f"of {spec.name} not {', '.join(sorted(lacking))}: {how(spec)}")
    return "; ".join([f"{' and '.join(said)} can be heard", *without])


def _say_a_word(spec: BackendSpec, voice: Mapping[str, Any]) -> None:
    backend = resolve(spec.target)(spec, 1)
    word = "コーヒー" if voice["locale"] == "ja-JP" else "Coffee"
    params = {"phrases": [word], "locale": voice["locale"], "speaker": voice["speaker"]}
    with tempfile.TemporaryDirectory() as folder:
        [made] = backend.make([Task("doctor", "speech", params, {}, 1, Path(folder))])
    if isinstance(made, Exception):
        raise CreativeError(f"{spec.name}: {made}") from made


def _cards() -> str:
    """The cards that models find here; none is no fault: whoever wants one is told before a run."""
    import importlib.util
    import shutil

    from creative.catalogue import load_catalogue
    from workers import cards

    wanting = sorted({spec.name for spec in load_catalogue().specs.values() if spec.resources.gpu})
    if importlib.util.find_spec("torch") is None:
        return f"not looked for: no torch here, which {', '.join(wanting)} need"
    import torch

    cards.look()
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count:
        return f"none that torch {torch.__version__} can use: {', '.join(wanting)} need one"
    seen = [torch.cuda.get_device_properties(number) for number in range(count)]
    said = [f"{one.name} {round(one.total_memory / 2**30)} GiB" for one in seen]
    said.append(f"{cards.cores(1.0, count)} cores to pack for each")
    if not any(map(shutil.which, (os.environ.get("CC") or "cc", "gcc", "clang"))):
        said.append("no C compiler, so that nothing is compiled for them: apt-get install g++")
    return ", ".join(said)


CHECKS: Mapping[str, Callable[[], str]] = {
    "shaping": _shaping,
    "fonts": _fonts,
    "codecs": _codecs,
    "renderer": _renderer,
    "voices": _voices,
    "cards": _cards,
}
