"""Makes the fonts of this folder from their npm packages: `python templates/fonts/build.py` (needs npm and a registry).

Fonts for Chinese, Japanese and Korean are cut down to the characters that their standards for everyday text name, and lose
hinting and the tables for vertical setting; all others are copied as they are.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

import uharfbuzz

HERE = Path(__file__).resolve().parent
SCOPE = "@expo-google-fonts"
# Package, version, weight, file of this folder. The packages hold Google Fonts' static TTF files and their licence.
COPIED = (
    ("ibm-plex-sans-arabic", "0.4.2", "500Medium", "IBMPlexSansArabic-Medium.ttf"),
    ("ibm-plex-sans-arabic", "0.4.2", "600SemiBold", "IBMPlexSansArabic-SemiBold.ttf"),
    ("heebo", "0.4.2", "500Medium", "Heebo-Medium.ttf"),
    ("heebo", "0.4.2", "600SemiBold", "Heebo-SemiBold.ttf"),
    ("noto-sans-thai", "0.4.2", "500Medium", "NotoSansThai-Medium.ttf"),
    ("prompt", "0.4.1", "600SemiBold", "Prompt-SemiBold.ttf"),
    ("hind", "0.4.1", "500Medium", "Hind-Medium.ttf"),
    ("poppins", "0.4.1", "600SemiBold", "Poppins-SemiBold.ttf"),
)
SUBSET = (
    ("noto-sans-sc", "0.4.3", "NotoSansSC"),
    ("noto-sans-tc", "0.4.3", "NotoSansTC"),
    ("noto-sans-jp", "0.4.3", "NotoSansJP"),
    ("noto-sans-kr", "0.4.3", "NotoSansKR"),
)
WEIGHTS = (("500Medium", "Medium"), ("600SemiBold", "SemiBold"))
LICENCES = {
    "ibm-plex-sans-arabic": "IBMPlexSansArabic-OFL.txt", "heebo": "Heebo-OFL.txt", "noto-sans-thai": "NotoSansThai-OFL.txt",
    "prompt": "Prompt-OFL.txt", "hind": "Hind-OFL.txt", "poppins": "Poppins-OFL.txt", "noto-sans-sc": "NotoSansSC-OFL.txt",
    "noto-sans-tc": "NotoSansTC-OFL.txt", "noto-sans-jp": "NotoSansJP-OFL.txt", "noto-sans-kr": "NotoSansKR-OFL.txt",
}  # fmt: skip
_FEATURES = ("ccmp", "locl", "kern", "halt", "palt", "chws", "mark", "mkmk")
_VERTICAL = ("vhea", "vmtx", "VORG", "BASE", "DSIG")


def characters(package: str) -> set[int]:
    """GB 2312, levels 1 and 2; Big5 level 1; JIS X 0208, levels 1 and 2; all Hangul syllables with KS X 1001's signs.

    ASCII, general punctuation and full-width forms are in each of them.
    """
    common = {*range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2010, 0x2028), *range(0x3000, 0x3040)}
    common |= {*range(0xFF00, 0xFFF0), 0x2030, 0x2032, 0x2033, 0x203B, 0x20A9, 0x20AC, 0x2122}
    high = range(0xA1, 0xFF)
    own: dict[str, Iterable[int]] = {
        "noto-sans-sc": _decoded("gb2312", range(0xA1, 0xF8), high),
        "noto-sans-tc": _decoded("big5", range(0xA1, 0xC7), (*range(0x40, 0x7F), *high)),
        "noto-sans-jp": _decoded("euc_jp", range(0xA1, 0xF5), high),
        "noto-sans-kr": {*_decoded("euc_kr", range(0xA1, 0xC9), high), *range(0xAC00, 0xD7A4)},
    }
    return common | set(own[package])


def _decoded(codec: str, rows: Iterable[int], cells: Iterable[int]) -> set[int]:
    found: set[int] = set()
    for row in rows:
        for cell in cells:
            found |= {ord(letter) for letter in bytes([row, cell]).decode(codec, "ignore")}
    return found


def subset(data: bytes, wanted: set[int]) -> bytes:
    """A font with the wanted characters only."""
    plan = uharfbuzz.SubsetInput()
    plan.unicode_set.update(wanted)
    plan.layout_feature_tag_set.clear()
    plan.layout_feature_tag_set.update({_tag(name) for name in _FEATURES})
    plan.drop_table_tag_set.update({_tag(name) for name in _VERTICAL})
    plan.flags = uharfbuzz.SubsetFlags.NO_HINTING
    return bytes(uharfbuzz.subset(uharfbuzz.Face(data), plan).blob.data)


def _tag(name: str) -> int:
    return int.from_bytes(name.encode(), "big")


def fetched(package: str, version: str, folder: Path) -> Path:
    """An npm package, unpacked; fetched once."""
    target = folder / package
    if not target.exists():
        subprocess.run(["npm", "pack", "--silent", f"{SCOPE}/{package}@{version}"], cwd=folder, check=True)
        with tarfile.open(next(folder.glob(f"*-{package}-{version}.tgz"))) as archive:
            archive.extractall(target, filter="data")
        shutil.copyfile(target / "package" / "LICENSE_FONT", HERE / LICENCES[package])
    return target / "package"


def main() -> None:
    """Make all, in a folder of the system's for what is fetched."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for package, version, weight, file in COPIED:
            source = next((fetched(package, version, folder) / weight).glob("*.ttf"))
            shutil.copyfile(source, HERE / file)
            print(file, (HERE / file).stat().st_size)
        for package, version, stem in SUBSET:
            for weight, ending in WEIGHTS:
                source = next((fetched(package, version, folder) / weight).glob("*.ttf"))
                data = subset(source.read_bytes(), characters(package))
                (HERE / f"{stem}-{ending}.ttf").write_bytes(data)
                print(f"{stem}-{ending}.ttf", len(data))


if __name__ == "__main__":
    main()
