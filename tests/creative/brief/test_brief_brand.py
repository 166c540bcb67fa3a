"""The brand kit: found, read and refused as the brief is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.briefs import BRAND, Desk, png


def test_a_brand_may_be_named_by_its_file(desk: Desk) -> None:
    brief = desk.change("brand: brand", "brand: brand/brand.yaml").load()
    assert brief.brand_kit.name == "Holm"
    assert brief.brand_kit.lexicon == {"Holm": {"de-DE": "Hollm"}}


def test_a_brand_may_bring_fonts(desk: Desk) -> None:
    desk.write("brand/f.ttf", b"\0\1\0\0" + b"\0" * 50)
    desk.write("brand/OFL.txt", "SIL Open Font License")
    desk.change_brand("tone:", "fonts: {display: {file: f.ttf, licence: OFL.txt}}\ntone:")
    kit = desk.load().brand_kit
    assert kit.fonts["display"].file == desk.folder / "brand/f.ttf" and "text" not in kit.fonts
    (desk.folder / "brand/f.ttf").write_bytes(png())
    (finding,) = desk.findings()
    assert finding.where == "fonts.display.file" and "is a PNG, and must be a font" in finding.problem


def test_a_brand_outside_needs_a_media_root(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "brief")
    (tmp_path / "brands").mkdir()
    (desk.folder / "brand").rename(tmp_path / "brands/holm")
    (finding,) = desk.change("brand: brand", "brand: ../brands/holm").findings()
    assert "lies outside" in finding.problem and "media roots" in finding.instead
    assert finding.line == desk.line_of("brand: ../")
    brief = desk.load(tmp_path / "brands")
    assert brief.brand_kit.logo["light"] == tmp_path / "brands/holm/logo.png"
    assert brief.snapshot()["brand_kit"]["logo"] == {"light": "@brand/logo.png"}
    (tmp_path / "brands/holm/brand.yaml").write_text(BRAND.replace("#d96f32", "red"))
    (finding,) = desk.findings(tmp_path / "brands")
    assert Path(os.path.normpath(finding.file)) == tmp_path / "brands/holm/brand.yaml"


@pytest.mark.parametrize(
    ("old", "new", "line", "where", "problem", "instead"),
    [
        ("name: Holm\n", "", 1, "file", "lacks name", "Add name:"),
        ('accent: "#d96f32"', "accent: orange", 3, "colours.accent", "is not a colour", '"#1f6f5c"'),
        (
            'accent: "#d96f32"',
            "accent: #d96f32",
            4,
            "colours",
            "is not YAML",
            "A # begins a comment: put the colour in quotes",
        ),
        ('accent: "#d96f32"', "accent: #d96f32\n  }", 3, "colours", "", ""),
        (', accent: "#d96f32"', "", 3, "colours", "lacks accent", ""),
        ("accent:", "acent:", 3, "colours.acent", "is not a known field", "Did you mean 'accent'?"),
        ("tone:", "tune:", 5, "tune", "is not a known field", "Did you mean 'tone'?"),
        ("logo.png", "logo.svg", 4, "logo.light", "is an SVG", "SVG is not supported yet"),
        ("logo.png", "none.png", 4, "logo.light", "is not there", ""),
        ("logo.png", "../../logo.png", 4, "logo.light", "lies outside", ""),
        ("tone:", "layouts: layouts\ntone:", 5, "layouts", "is not there", ""),
        ("{Holm: {de-DE: Hollm}}", "{Holm: {german: Hollm}}", 6, "lexicon.Holm.german", "is not a locale", ""),
        ("banned: [cheap", "banned: [{cheap}", 7, "banned.0", "must be text", "quotes"),
        ("banned: [cheap", "banned: [&a cheap", 7, "banned.0", "anchor", "Remove"),
    ],
)
def test_findings(desk: Desk, old: str, new: str, line: int, where: str, problem: str, instead: str) -> None:
    desk.write("brand/logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
    findings = desk.change_brand(old, new).findings()
    assert findings[0].file.endswith("brand/brand.yaml")
    if not problem:
        return
    assert len(findings) == 1, "\n".join(map(str, findings))
    assert (findings[0].line, findings[0].where) == (line, where), findings[0]
    assert problem in findings[0].problem and instead in findings[0].instead, findings[0]


@pytest.mark.parametrize("path", ["none", "media", "brief.yaml/x", "/", "media/spade.png", "brand\0x"])
def test_no_brand(desk: Desk, path: str) -> None:
    text = path.replace("\0", "\\0")
    (finding,) = desk.change("brand: brand", f'brand: "{text}"').findings()
    assert finding.where == "brand" and finding.line == desk.line_of("brand: ")
