"""How long a part of a step took, by the clock of its device."""

import torch

from reidzoo.base.moments import Moment


def test_without_a_gpu_it_is_the_programs_clock(monkeypatch):
    clock = iter([10.0, 12.5, 13.0])
    monkeypatch.setattr("reidzoo.base.moments.time.perf_counter", lambda: next(clock))
    first, second, third = (Moment(torch.device("cpu")) for _ in range(3))
    assert first.seconds_until(second) == 2.5
    assert second.seconds_until(third) == 0.5


def test_a_gpu_is_waited_for_only_when_a_duration_is_asked_for(monkeypatch):
    """By a stand-in for CUDA's events: recorded on the stream of the device, read in milliseconds."""
    waited, streams = [], []

    class Event:
        def __init__(self, enable_timing):
            assert enable_timing

        def record(self, stream):
            self.number = len(streams)
            streams.append(stream)

        def synchronize(self):
            waited.append(self.number)

        def elapsed_time(self, later):
            return 250.0 * (later.number - self.number)

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", str)
    first, second, third = (Moment(torch.device("cuda", 1)) for _ in range(3))
    assert streams == ["cuda:1"] * 3
    assert waited == []
    assert first.seconds_until(third) == 0.5
    assert second.seconds_until(third) == 0.25
    assert waited == [2, 2]
