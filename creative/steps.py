"""Steps: what is to be made, named by its content.

A step says *what*, never *how* or *where*: no device, host, batch size, date or code hash enters its key. `KINDS` is the
contract between planning (which names inputs and parameters) and backends (which are given them): one row a kind.

Units in parameters and in JSON outputs: `_ms` milliseconds, `_px` or none for pixels, `_tenths` tenths of an LU or dB,
`per mille` of the canvas for boxes in layouts, frames counted from 0 with `end` exclusive, colours "#rrggbb".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from creative.canonical import check, checked_key


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of step.

    `inputs` are roles; a role that ends with "?" may be missing, with "*" it comes numbered ("audio.0", "audio.1", ...).
    `outputs` maps an output's name to its media type. `seeded` kinds have a seed in their key; with None, those steps
    that a trained model makes.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: Mapping[str, str]
    seeded: bool | None = False

    def accepts(self, role: str) -> bool:
        """Whether `role` is one of this kind's inputs."""
        stem, _, number = role.partition(".")
        return (not number and (role in self.inputs or f"{role}?" in self.inputs)) or (
            bool(number) and f"{stem}*" in self.inputs
        )


SILENT = frozenset({"cues", "subtitles"})
"""Kinds that take only the times of a read: what is in them is no voice."""
JPEG, PNG, WAV, MP4, JSON = "image/jpeg", "image/png", "audio/wav", "video/mp4", "application/json"
VTT, SRT = "text/vtt", "application/x-subrip"
ANY = "application/octet-stream"

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        # A product photo, freed from its ground and trimmed to its outline.
        #   params: none.  image: RGBA PNG.
        Kind("cutout", ("photo",), {"image": PNG}),
        # A set in the brand's colours with the product standing in it; made once for its size family.
        #   params: prompt, width, height, take, palette {ground, second, accent: colour},
        #           product {x, foot, width, height: per mille of the canvas: centre, standing line, greatest size} or null.
        #   image: RGB PNG.  meta: {width, height, product: [x, y, w, h] px or null, set: str,
        #          plate: [x, y, w, h] px or null, light: left|right|null, calm: [[x, y, w, h] px, the calmest ground first]}.
        #   For moving cameras: layer: the product as it lies there, RGBA PNG of its box.  plate: the set behind it with its
        #   shadow, RGB PNG: pasted into the image at its box, the product is gone.  depth: grey PNG of the set without the
        #   product, a quarter of the size: 128 at the product's plane, 0 infinitely far; a step of the camera that moves
        #   the product by 128 moves a pixel by its value.  Without a product, layer and plate are 1 x 1 px.
        #   photo, view: a photo of the brand's own library and what was seen in it, for a backend that takes one; then also
        #   params: photo {name, shows: whether it shows the product itself, released: whether those who are seen agreed,
        #   people: none, adults or likeness (the one who agreed), focus: [x, y] per mille or null}; product is never null, and meta's product is what the
        #   photo is about where it has no cut-out.
        #   prompt: what a trained model is told (`creative.prompts`), for a backend that is one; the product then stands there
        #   with its own pixels: the cut-out at its box's size (Lanczos), each opaque pixel as it is, in image and layer.
        Kind(
            "scene",
            ("cutout?", "photo?", "view?", "prompt?"),
            {"image": PNG, "meta": JSON, "plate": PNG, "layer": PNG, "depth": PNG},
            seeded=True,
        ),
        # What is seen in a photo, for cropping it well. Per mille are of the upright photo's sides.
        #   params: none.  view: {width, height: px, upright; focus: [x, y, w, h] per mille; faces: [[x, y, w, h, permille sure]];
        #   horizon: {tilt_hundredths: degrees by which it falls to the right, y: per mille} or null;
        #   busy: rows of 0..255, a coarse map of where detail is}.
        Kind("view", ("photo",), {"view": JSON}),
        # The user's films, cut to one length and size: the picture of a film's body, and what is heard beside it.
        #   params: width, height, fps, frames (exactly so many are made), trims [[from_ms, until_ms or null]], one a file,
        #           sound keep|none, ms (of the sound; silent after the footage's end).
        #   picture: H.264 without sound, width x height, fps, frames.  audio: 48 kHz stereo WAV of exactly ms.
        #   image: its last frame, RGB PNG.  meta: as of a scene (product is null), and sound: bool.
        #   Of a trained model, without footage: params: fps, frames, ms, take; prompt: what it is told; image, meta, plate,
        #   layer: of the scene that moves.   picture, image: the whole of that scene's set, without its product, as large as
        #   the model makes it.
        Kind(
            "clip",
            ("footage*", "prompt?", "image?", "meta?", "plate?", "layer?"),
            {"picture": MP4, "audio": WAV, "image": PNG, "meta": JSON},
            seeded=None,
        ),
        # One sentence, said by one voice.
        #   params: phrases [str] in spoken form, locale, speaker; of a recording also number: which of its sentences this is,
        #           sentences: [phrases] of all of them.   reference: a recording to clone, or that says it.
        #   audio: mono WAV at the voice's own rate.  times: [{start_ms, end_ms}], one a phrase.
        Kind("speech", ("reference?",), {"audio": WAV, "times": JSON}, seeded=True),
        # The read in its time: sentences in order, pauses, tempo within limits; or refused: "cut about 6 words".
        #   params: ms, lead_ms, tail_ms, gap_ms, tempo_permille [least, most].
        #   audio: 48 kHz mono WAV of exactly ms.  times: [{start_ms, end_ms}] of all phrases, in order.
        Kind("fit", ("audio*", "times*"), {"audio": WAV, "times": JSON}),
        # Phrase times on the frame grid; without a voice, times by reading speed.
        #   params: fps, frames, captions [str], one a phrase.   cues: [{text, first, end}].
        Kind("cues", ("times?",), {"cues": JSON}),
        # What is said in a film, as files beside it.
        #   params: as cues, of the whole film: what is said over the end card is in them too.
        #   vtt: WebVTT.  srt: SubRip. Both UTF-8.
        Kind("subtitles", ("times?",), {"vtt": VTT, "srt": SRT}),
        # Music that ends with the spot.
        #   params: ms, mood; or ms alone, where it is a track.   track: the licensed music, at least as long.
        #   audio: 48 kHz stereo WAV of exactly ms.
        Kind("bed", ("track?",), {"audio": WAV}, seeded=True),
        # Voice over ducked music, mastered.
        #   params: ms, lufs_tenths, true_peak_tenths (ceiling).   clip: the footage's own sound, under the voice as music is.
        #   audio: 48 kHz stereo WAV of exactly ms.  figures: {lufs, true_peak: decimal strings}.
        Kind("mix", ("voice?", "bed?", "clip?"), {"audio": WAV, "figures": JSON}),
        # One picture for one placement.
        #   params: width, height, texts {role: str}, palette {...}, locale, direction ltr|rtl, max_bytes.
        #   layout: JSON of one shape of a layout.  font.display, font.text: font files.  logo.light, logo.dark: PNG for light and dark grounds.   boxes: see `Boxes` below.
        Kind("still", ("scene", "meta", "layout", "font*", "logo*"), {"image": JPEG, "boxes": JSON}),
        # The picture track of a film, encoded once.
        #   params: as still (without max_bytes), fps, frames, and if wanted: motion push|rack|pan (how camera and words move),
        #           loop (it starts as its end card ends), least_kbps (kbit/s that it has at least: finer, where it is plain).
        #   plate, layer: of the scene; with them the product moves against its set.
        #   clip: footage of the same size, fps and frames, which is seen instead of a camera's moves over the scene; scene and
        #   meta are then its last frame's, on which the end card goes on. Or the scene's set as it moves, by a trained model.
        Kind(
            "body",
            ("scene", "meta", "plate?", "layer?", "layout", "font*", "logo*", "cues?", "clip?"),
            {"picture": MP4, "boxes": JSON},
        ),
        # The last frames: logo and call to action, with the body's encoder settings so that both join by copy.
        #   params: as body.   clip: the body's, where the scene's set moves; then also params: moving, the body's frames.
        Kind(
            "endcard",
            ("scene", "meta", "plate?", "layer?", "layout", "font*", "logo*", "clip?"),
            {"picture": MP4, "boxes": JSON},
        ),
        # Body and end card joined by copy, sound beside them.
        #   params: fps, frames (of both).
        Kind("film", ("body", "endcard?", "mix?"), {"film": MP4}),
        # The final bytes; nothing touches them after.
        #   params: ad_id, title, format jpeg|mp4|wav|mp3, source_type (IPTC digital source type), ai_note.
        Kind("finish", ("media",), {"asset": ANY}),
        # Figures only: a worker decodes the final file.
        #   params: modality image|video|audio.   boxes.0, boxes.1: of the body and the end card.   figures: see acceptance.
        #   scene, meta, layer, cutout: of the generated scene that it shows, if any: the product in it is compared.
        Kind("measure", ("asset", "boxes*", "scene?", "meta?", "layer?", "cutout?"), {"figures": JSON}),
        # What a trained model says of a finished ad: see `creative.judging`. Beside measure; nothing is made from it.
        #   params: of those that read the script: locale, script (as written), must [str] (what has to be heard).
        #   voice: the read alone.   figures: see the judge.
        Kind("judge", ("asset?", "voice?", "boxes*"), {"figures": JSON}),
        # What pages show.
        #   params: modality, side (px of the longer side).   boxes.0, boxes.1: as of measure; a film then shows a moment at
        #   which its words stand.
        Kind("poster", ("asset", "boxes*"), {"image": JPEG}),
    )
}

# Boxes: {"width", "height", "frames" (1 for a still), "product": [x, y, w, h] or null,
#         "runs": [{"role": headline|support|price|was|unit_price|cta|caption|legal|..., "text", "x", "y", "w", "h": the ink in px,
#                   "box": [x, y, w, h] what the layout allots, "size": type size in px, "least": least allowed size in px,
#                   "colour": of the glyphs, "first", "end": frames during which it stands still and opaque}],
#         "marks": [{"role": logo|button, "x", "y", "w", "h", "first", "end"}]}


@dataclass(frozen=True, slots=True)
class Output:
    """Another step's output, as an input."""

    step: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One thing to make.

    `inputs` maps a role to an ingested medium (its sha256) or to another step's output. `backend`, `revision` and `model`
    come from the backend's row; all else from the brief. `label` is for people and is not in the key.

    `rights` are the consents that have to be in force when it is made or used again: those to the voices and the music in
    its sound, and to whoever is seen. They are not in the key either: another consent to the same recording changes no sound.
    """

    key: str
    kind: str
    backend: str
    revision: int
    model: str | None
    params: Mapping[str, Any]
    inputs: Mapping[str, str | Output]
    seed: int | None = None
    label: str = ""
    rights: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        """The key says it all."""
        return isinstance(other, Step) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def needs(self) -> Iterator[str]:
        """Keys of the steps whose outputs this one is made from."""
        for source in self.inputs.values():
            if isinstance(source, Output):
                yield source.step

    def under(self, rights: Iterable[str]) -> Step:
        """The same step, which needs these consents as well."""
        every = tuple(sorted({*self.rights, *rights}))
        return self if every == self.rights else replace(self, rights=every)

    def recipe(self) -> dict[str, Any]:
        """What the key is the digest of: JSON-ready."""
        return _recipe(self.kind, self.backend, self.revision, self.model, self.params, self.inputs, self.seed)


def _recipe(
    kind: str,
    backend: str,
    revision: int,
    model: str | None,
    params: Mapping[str, Any],
    inputs: Mapping[str, str | Output],
    seed: int | None,
) -> dict[str, Any]:
    return {
        "kind": kind,
        "backend": backend,
        "revision": revision,
        "model": model,
        "params": dict(params),
        "inputs": {
            role: source if isinstance(source, str) else [source.step, source.name] for role, source in inputs.items()
        },
        "seed": seed,
    }


@cache
def _accepts(kind: str, role: str) -> bool:
    return KINDS[kind].accepts(role)


def step(
    kind: str,
    backend: str,
    revision: int,
    model: str | None,
    params: Mapping[str, Any],
    inputs: Mapping[str, str | Output],
    seed: int | None = None,
    label: str = "",
) -> Step:
    """Name a step by its content.

    Raises TypeError or ValueError for parameters that have no single spelling, ValueError for an input that the kind
    does not have, or a seed where the kind has none.
    """
    row = KINDS[kind]
    for role in inputs:
        if not _accepts(kind, role):
            raise ValueError(f"{kind} has no input {role!r}")
    if row.seeded is not None and (seed is not None) != row.seeded:
        raise ValueError(f"{kind} {'needs' if row.seeded else 'takes no'} seed")
    check(params, f"a parameter of {kind}")
    recipe = _recipe(kind, backend, revision, model, params, inputs, seed)
    return Step(checked_key(recipe), kind, backend, revision, model, params, inputs, seed, label)


def step_from_recipe(recipe: Mapping[str, Any], label: str = "") -> Step:
    """The step that a stored recipe describes; its key is computed anew."""
    inputs = {
        role: source if isinstance(source, str) else Output(source[0], source[1])
        for role, source in recipe["inputs"].items()
    }
    return step(
        recipe["kind"],
        recipe["backend"],
        recipe["revision"],
        recipe["model"],
        recipe["params"],
        inputs,
        recipe["seed"],
        label,
    )
