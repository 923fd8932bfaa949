"""What the hooks that draw pictures watch, for their tests."""

import torch


class Watched(torch.nn.Module):
    """Base of methods that leave other modes and another chance behind when they draw; one part is held in its mode."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.held = torch.nn.Dropout().eval()
