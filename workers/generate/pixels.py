"""What a decoder made, as bytes: on the device that made it, and compiled with the decoder where that is."""

from __future__ import annotations

from typing import Any


def as_bytes(values: Any) -> tuple[Any, Any]:
    """Values of -1 to 1, (batch, 3, [frames,] h, w), as bytes (batch, [frames,] h, w, 3), and whether each was finite."""
    import torch

    finite = torch.isfinite(values).flatten(1).all(1)
    values = torch.nan_to_num(values.float() / 2 + 0.5).clamp(0, 1) * 255
    order = (0, 2, 3, 1) if values.ndim == 4 else (0, 2, 3, 4, 1)
    return values.round().to(torch.uint8).permute(*order).contiguous(), finite
