"""Few sizes for many formats."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from creative.framings import families
from creative.models.rows import own_models
from workers.generate.shapes import shape

_SIZES = [(1024, 1024), (832, 1216), (1216, 832), (1440, 720), (720, 1440)]


@given(width=st.integers(100, 4000), height=st.integers(100, 4000), foot=st.integers(0, 1000))
def test_the_part_that_is_used_lies_inside_and_has_the_formats_form(width: int, height: int, foot: int) -> None:
    form = shape((width, height), _SIZES, {"foot": foot, "x": 500, "width": 300, "height": 300})
    x, y, w, h = form.crop
    assert x >= 0 and y >= 0 and x + w <= form.made[0] and y + h <= form.made[1]
    assert w == form.made[0] or h == form.made[1]
    assert abs(w - h * width / height) <= max(1, width / height)


def test_every_framing_is_made_in_one_of_few_sizes() -> None:
    for name in ("flux.2-klein-4b", "z-image-turbo", "sdxl"):
        sizes = own_models()[name].sizes
        made = {shape((one.width, one.height), sizes, one.product).made for one in families().values()}
        assert len(made) <= 4
