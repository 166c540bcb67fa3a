"""The benchmarks run: small, once, and no figure is judged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks import films, same_bytes, stills
from tests.benchmarks.__main__ import summary
from tests.benchmarks.meter import Cost, cpu, interleaved, table


def test_stills_are_alike_whoever_makes_them(tmp_path: Path) -> None:
    figures = stills.measure(tmp_path, rounds=1, side=540, number=4)
    assert {stills.CACHED, stills.COLD, "Pillow, full-size RGBA layers"} <= set(figures.costs)
    for name, (ssim, psnr) in figures.alike.items():
        assert ssim > 0.9 and psnr > 22, name
    assert "ours, parts cached" in stills.report(figures)


def test_films_and_their_variants(tmp_path: Path) -> None:
    figures = films.measure(tmp_path, rounds=1, frames=8, share=4)
    assert set(figures.films) == {"ours", "x264 alone", "moviepy"}
    assert set(figures.variants) == {films.VOICE, films.CARD, films.ANEW}
    assert all(0.8 < ssim <= 1 for ssim in figures.ssim.values()), figures.ssim
    assert "another voice" in films.report(figures)


def test_steps_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    found = same_bytes.compare(tmp_path, same_bytes.QUICK)
    assert {"scene", "still", "speech", "fit", "bed", "mix", "finish", "measure", "poster"} <= set(found)
    assert {kind: other for kind, (_, other) in found.items() if other} == {}


def test_the_time_of_children_counts() -> None:
    def burn() -> int:
        subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)
        return 1

    before = os.times()
    costs = interleaved({"burn": burn}, rounds=1, warm=0)
    after = os.times()
    theirs = after.children_user + after.children_system - before.children_user - before.children_system
    assert theirs > 0 and costs["burn"].median >= theirs


def test_a_living_child_counts_too() -> None:
    with subprocess.Popen([sys.executable, "-c", "sum(range(3 * 10**7)); input()"], stdin=subprocess.PIPE) as child:
        before = cpu()
        while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "S":
            pass
        assert child.stdin is not None
        spent = cpu() - before
        child.stdin.write(b"\n")
    assert spent > 0


def test_aims_and_figures_stand_in_one_table() -> None:
    def cost(median: float) -> Cost:
        return Cost(median, median, median, 1)

    pictures = stills.Figures(
        {stills.CACHED: cost(0.01), stills.COLD: cost(0.03), "Pillow, full-size RGBA layers": cost(0.09)}, {}
    )
    variants = {films.VOICE: cost(0.5), films.CARD: cost(2), films.ANEW: cost(30)}
    moving = films.Figures(
        {"ours": cost(0.03), "x264 alone": cost(0.024), "moviepy": cost(0.18)}, variants, {}, {}, 180
    )
    found = summary(pictures, moving)
    for line in (
        "| still, parts cached | 100 a core-second | 100 |",
        "| - beside Pillow, full-size RGBA layers | 7 x | 9.0 x |",
        "| - beside moviepy | 5 x | 6.0 x |",
        "| - of x264's own speed | 70 % | 80 % |",
        "| film again, another voice, beside moviepy | 50 x | 60.0 x |",
    ):
        assert line in found
    assert "Remotion" not in found and "Chromium" not in found


def test_tables_are_markdown() -> None:
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert Cost(0.5, 0.4, 0.6, 3).a_second == 2
