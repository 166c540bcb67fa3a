"""What is told of a run: noise is never announced as ads to look at without saying so."""

from __future__ import annotations

from pathlib import Path

from creative.brief.load import load_brief
from creative.made import Made
from creative.notices.telling import of_run
from creative.running.campaign import Report
from creative.settings import settings
from tests.support.demo import demo


def test_a_rehearsal_is_called_one(tmp_path: Path) -> None:
    path = demo(tmp_path)
    path.write_text(path.read_text("utf-8") + "\nnotify: {done: ops, review_ready: studio}\n", "utf-8")
    brief, report = load_brief(path), Report("r1", assets=3, new=3)
    for rehearsals in ((), ("scene by rehearse-sdxl", "speech by rehearse-vits")):
        messages = of_run(brief, Made(report, pending=3, rehearsals=rehearsals), settings())
        assert [one.to for one in messages] == ["ops", "studio"]
        said = "a rehearsal, not for publication: scene by rehearse-sdxl, speech by rehearse-vits"
        assert [said in one.body.splitlines() for one in messages] == [bool(rehearsals)] * 2
