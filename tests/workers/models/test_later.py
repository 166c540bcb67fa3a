"""Libraries are imported without what nobody asks of them, and who asks for it has it: each in a process of its own, since what
is imported stays.
"""

from __future__ import annotations

import sys

from tests.support.children import said
from workers.models.later import spared


def test_who_compiles_or_asks_for_a_module_gets_the_real_ones() -> None:
    told = said(
        """
import sys, warnings
warnings.simplefilter("ignore")
from workers.models.libraries import diffusers_ready
diffusers = diffusers_ready("StableDiffusionXLPipeline", "NoSuchClass")
import torch
kept = sys.modules["torch._dynamo"]
calls = []

@torch.compiler.disable
def apart(given):
    calls.append(torch.compiler.is_compiling())
    return given + 1

assert apart(1) == 2 and "torch._dynamo.eval_frame" not in sys.modules and "scipy" not in sys.modules
assert not isinstance(torch.nn.Linear(1, 1), torch._dynamo.eval_frame.OptimizedModule)
made = torch.compile(lambda one: apart(one * 2) * 3, backend="eager")(torch.ones(2))
assert made.tolist() == [9.0, 9.0] and calls == [False, False], calls
import torch._dynamo.eval_frame
assert torch._dynamo is not kept and torch._dynamo is sys.modules["torch._dynamo"] is kept.real()
assert torch._dynamo.eval_frame.__spec__.name == "torch._dynamo.eval_frame"
# What was marked before the compiler came is marked in it.
from diffusers.models.attention import BasicTransformerBlock
marked = torch._dynamo.trace_rules._allowed_callable_ids
assert id(BasicTransformerBlock) in marked
# Another scheduler needs what was spared.
diffusers.LMSDiscreteScheduler().set_timesteps(3)
beta = diffusers.EulerDiscreteScheduler(use_beta_sigmas=True)
beta.set_timesteps(4)
import scipy.stats, boto3.session
print(len(beta.sigmas), scipy.stats.norm.cdf(0), boto3.session.__name__)
"""
    )
    assert told == "5 0.5 boto3.session"


def test_a_part_of_the_compiler_brings_the_compiler() -> None:
    told = said(
        """
import sys
from workers.models.later import compiler_later
compiler_later()
compiler_later()
from torch._dynamo.utils import counters
import torch._dynamo.config as config
print(sys.modules["torch._dynamo"].utils.counters is counters, config.recompile_limit > 0, sys.modules["torch._dynamo"].__file__[-11:])
"""
    )
    assert told == "True True __init__.py"


def test_names_of_a_package_that_was_spared_are_fetched_when_they_are_used() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "colorsys"]:
        del sys.modules[name]
    with spared(["colorsys", "json"]):
        import json
        from colorsys import rgb_to_hsv

        assert json.dumps({}) == "{}", "what is there stays"
        assert type(rgb_to_hsv).__name__ == "_Name"
    assert "colorsys" not in sys.modules
    assert rgb_to_hsv(1, 0, 0) == (0.0, 1.0, 1.0)
    import colorsys

    assert colorsys.hsv_to_rgb(0, 0, 1) == (1, 1, 1)


def test_a_name_that_is_used_at_once_brings_its_package_at_once() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "colorsys"]:
        del sys.modules[name]
    with spared(["colorsys"]):
        from colorsys import rgb_to_hsv

        assert rgb_to_hsv(1, 0, 0) == (0.0, 1.0, 1.0)
        import colorsys

        assert type(colorsys).__name__ == "module" and colorsys.rgb_to_hsv is not rgb_to_hsv
    assert sys.modules["colorsys"] is colorsys
