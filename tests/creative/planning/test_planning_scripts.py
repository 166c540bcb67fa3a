"""Plans of texts in other scripts: their fonts are inputs of the steps that need them, and of no others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from creative.errors import UsageError
from creative.font_table import own_fonts
from creative.planning import PlanWindow
from creative.steps import Step
from tests.support.demo import demo, edit, planned

ARABIC = {
    "  DE: {locales: [de-DE], currency: EUR, timezone: Europe/Berlin": "  DE: {locales: [ar-AE], currency: AED, timezone: Asia/Dubai",
    "de-DE: Hausröstung": "ar-AE: تحميص البيت",
    "de-DE: Langsam gut.": "ar-AE: على مهل.",
    "de-DE: Guter Kaffee lässt sich Zeit.": "ar-AE: القهوة الجيدة تأخذ وقتها.",
    "de-DE: Langsam geröstet.": "ar-AE: تحميص بطيء.",
    'de-DE: "Ruhiges Feuer, runder Geschmack."': 'ar-AE: "نار هادئة، طعم متوازن."',
    "de-DE: Schenkt sich gut.": "ar-AE: هدية بعمق.",
    'de-DE: "Für alle, die Kaffee ernst nehmen."': "ar-AE: لمن يأخذ القهوة بجدية.",
    "de-DE: Jetzt bestellen": "ar-AE: اطلب الآن",
    "de-DE: scripts/6s.de.txt": "ar-AE: scripts/6s.de.txt",
    'de-DE: "Frisch aus der Trommel, den ganzen Herbst."': "ar-AE: طازجة.",
    'de-DE: "Eine Dose Marlo {product.name}"': "ar-AE: علبة",
}  # fmt: skip


def stills(windows: list[PlanWindow]) -> list[Step]:
    return [step for window in windows for step in window.steps.values() if step.kind in ("still", "body", "endcard")]


def fonts(step: Step) -> set[str]:
    return {role for role in step.inputs if role.startswith("font.")}


def test_a_market_in_arabic_changes_no_key_of_the_english_ones(tmp_path: Path) -> None:
    only = {"market": frozenset({"GB"})}
    _, _, before = planned(demo(tmp_path / "a"), only)
    _, planner, after = planned(demo(tmp_path / "b", ARABIC))
    assert not planner.findings
    english = {step.key for step in stills(after) if step.params["locale"] == "en-GB"}
    assert english == {step.key for step in stills(before)}
    for step in stills(after):
        if step.params["locale"] == "en-GB":
            assert fonts(step) == {"font.display", "font.text"} and step.params["direction"] == "ltr"
        else:
            assert {"font.display.Arab", "font.text.Arab"} <= fonts(step) and step.params["direction"] == "rtl"
            assert not any(role.endswith(("Thai", "Jpan", "Hans")) for role in fonts(step))


def test_what_no_font_can_set_is_refused_with_its_line(tmp_path: Path) -> None:
    path = demo(tmp_path, {"en-GB: Order now": "en-GB: Order now ☕"})
    _, planner, _ = planned(path)
    said = [str(finding) for finding in planner.findings.values()]
    assert any("copy.cta" in text and "'☕' (U+2615)" in text for text in said)
    assert all(finding.line > 1 for finding in planner.findings.values())


def test_a_brand_may_have_fonts_by_script(tmp_path: Path) -> None:
    path = demo(tmp_path, ARABIC)
    brand = next(path.parent.rglob("brand.yaml"))
    shutil.copy(own_fonts("display")["Latn"], brand.parent / "own.ttf")
    shutil.copy(own_fonts("text")["Arab"], brand.parent / "arab.ttf")
    (brand.parent / "OFL.txt").write_text("SIL Open Font License", "utf-8")
    kit = "fonts:\n  display:\n    file: own.ttf\n    licence: OFL.txt\n    scripts: {Arab: {file: arab.ttf, licence: OFL.txt}}\n"
    brand.write_text(brand.read_text("utf-8") + kit, "utf-8")
    brief, planner, windows = planned(path)
    assert not planner.findings
    arabic = next(step for step in stills(windows) if step.params["locale"] == "ar-AE")
    assert arabic.inputs["font.display.Arab"] == arabic.inputs["font.text.Arab"]
    assert brief.brand_kit.fonts["display"].scripts["Arab"].file == brand.parent / "arab.ttf"
    (brand.parent / "arab.ttf").write_bytes(b"\0\1\0\0" + b"\0" * 60)
    with pytest.raises(UsageError, match=r"arab\.ttf: this is not a font"):
        planned(path)
    edit(brand, {"Arab: {": "Klingon: {"})
    with pytest.raises(Exception, match="scripts"):
        planned(path)
