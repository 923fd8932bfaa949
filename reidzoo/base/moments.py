"""How long a part of a step takes on the device that computes it."""

from __future__ import annotations

import time

import torch


class Moment:
    """When a device comes to this point of its work.

    A GPU works behind the program; its own clock is read, and nobody waits for it until a duration is asked for.

    Args:
        device: whose work; of all but CUDA the program's clock is read.
    """

    def __init__(self, device: torch.device):
        self._event: torch.cuda.Event | None = None
        self._seconds = time.perf_counter()
        if device.type == "cuda":
            self._event = torch.cuda.Event(enable_timing=True)
            self._event.record(torch.cuda.current_stream(device))

    def seconds_until(self, later: Moment) -> float:
        """From this moment to a later one of the same device; waits until a GPU is there."""
        if self._event is None or later._event is None:
            return later._seconds - self._seconds
        later._event.synchronize()
        return self._event.elapsed_time(later._event) / 1000
