"""CycleGAN's training step as the published loop has it, plain and in float32: what the method's step is compared with.

Six generator forwards, one after the other (there and back in both directions, and each generator on an image of its
own domain); every discriminator on fakes for the generators, then on real images and on fakes of the pool separately,
each with a backward pass of its own; one Adam for both generators, one for both discriminators; images in contiguous
order, torch's own layers and losses, nothing of reidzoo.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

CYCLE, IDENTITY = 10.0, 5.0


class Block(nn.Module):
    """The residual block, padding and norm as layers of their own."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels), nn.ReLU(True),
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def generator(width: int, blocks: int) -> nn.Sequential:
    """ResNet generator: Zhu et al., ICCV 2017, appendix 7.2."""
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), nn.InstanceNorm2d(width), nn.ReLU(True)]
    for channels in (width, 2 * width):
        layers += [
            nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
            nn.InstanceNorm2d(2 * channels),
            nn.ReLU(True),
        ]
    layers += [Block(4 * width) for _ in range(blocks)]
    for channels in (4 * width, 2 * width):
        layers += [
            nn.ConvTranspose2d(channels, channels // 2, 3, stride=2, padding=1, output_padding=1),
            nn.InstanceNorm2d(channels // 2),
            nn.ReLU(True),
        ]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())


def discriminator(width: int, layers: int) -> nn.Sequential:
    """PatchGAN, 70 x 70 with 3 layers."""
    body: list[nn.Module] = [nn.Conv2d(3, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2, True)]
    channels = [width * min(2**i, 8) for i in range(layers + 1)]
    for i, (before, after) in enumerate(itertools.pairwise(channels), start=1):
        stride = 2 if i < layers else 1
        body += [
            nn.Conv2d(before, after, 4, stride=stride, padding=1),
            nn.InstanceNorm2d(after),
            nn.LeakyReLU(0.2, True),
        ]
    return nn.Sequential(*body, nn.Conv2d(channels[-1], 1, 4, padding=1))


class ListPool:
    """The image pool as a list; it draws as reidzoo's does, one call of torch's generator a batch."""

    def __init__(self, size: int):
        self.size = size
        self.images: list[Tensor] = []

    def __call__(self, batch: Tensor) -> Tensor:
        shown = []
        coins, places = torch.rand(2, len(batch), dtype=torch.float64).tolist()
        for image, coin, place in zip(batch.detach(), coins, places, strict=True):
            if len(self.images) < self.size:
                self.images.append(image.clone())
                shown.append(image)
            elif coin < 0.5:
                index = int(place * self.size)
                shown.append(self.images[index])
                self.images[index] = image.clone()
            else:
                shown.append(image)
        return torch.stack(shown)


class CycleGANTwin(nn.Module):
    """Networks, optimisers, pools and the step.

    Args:
        width: channels of the generators and of the discriminators.
        blocks: of the generators.
        layers: of the discriminators.
        lr: of both Adams.
        pool_size: images in each pool.
    """

    def __init__(self, width: int = 64, blocks: int = 9, layers: int = 3, lr: float = 2e-4, pool_size: int = 50):
        super().__init__()
        self.g_st, self.g_ts = generator(width, blocks), generator(width, blocks)
        self.d_s, self.d_t = discriminator(width, layers), discriminator(width, layers)
        self.pool_s, self.pool_t = ListPool(pool_size), ListPool(pool_size)
        generators = itertools.chain(self.g_st.parameters(), self.g_ts.parameters())
        discriminators = itertools.chain(self.d_s.parameters(), self.d_t.parameters())
        self.generators = torch.optim.Adam(generators, lr=lr, betas=(0.5, 0.999))
        self.discriminators = torch.optim.Adam(discriminators, lr=lr, betas=(0.5, 0.999))
        self.l1, self.squares = nn.L1Loss(), nn.MSELoss()

    @torch.no_grad()
    def start_from(self, method: nn.Module) -> None:
        """The weights of a method with networks of these names; layers come in the same order."""
        for name in ("g_st", "g_ts", "d_s", "d_t"):
            own, other = getattr(self, name).parameters(), getattr(method, name).parameters()
            for mine, theirs in zip(own, other, strict=True):
                mine.copy_(theirs)

    def step(self, source: Tensor, target: Tensor) -> None:
        """Both updates on B x 3 x H x W normalised images of each domain."""
        fake_t = self.g_st(source)
        cycle_s = self.g_ts(fake_t)
        fake_s = self.g_ts(target)
        cycle_t = self.g_st(fake_s)

        self.judges_learn(False)
        self.generators.zero_grad()
        identity = self.l1(self.g_st(target), target) + self.l1(self.g_ts(source), source)
        adversarial = self.towards(self.d_t(fake_t), 1.0) + self.towards(self.d_s(fake_s), 1.0)
        cycle = self.l1(cycle_s, source) + self.l1(cycle_t, target)
        (adversarial + CYCLE * cycle + IDENTITY * identity).backward()
        self.generators.step()

        self.judges_learn(True)
        self.discriminators.zero_grad()
        for judge, real, fake in ((self.d_s, source, self.pool_s(fake_s)), (self.d_t, target, self.pool_t(fake_t))):
            (0.5 * (self.towards(judge(real), 1.0) + self.towards(judge(fake), 0.0))).backward()
        self.discriminators.step()

    def judges_learn(self, learn: bool) -> None:
        """Whether the discriminators' parameters receive gradients."""
        for parameter in itertools.chain(self.d_s.parameters(), self.d_t.parameters()):
            parameter.requires_grad_(learn)

    def towards(self, scores: Tensor, label: float) -> Tensor:
        """Least squares to a map of labels."""
        return self.squares(scores, torch.full_like(scores, label))
