"""DG-Net's training step in the released order of computation, plain and in float32: what the method's step is
compared with.

Written from the description of the released trainer, without the method. Every iteration copies the appearance network
and, in half of them, the structure encoder; every group of n images passes by itself, so that n = 8 makes twelve passes
of the appearance network (4 for the codes, 4 of erased images, 2 of the frozen copy, 2 as the teacher's student) and
four of the teacher; whatever is computed keeps its graph until the step ends; terms of weight 0 are computed, but for
the teacher's and the fine-grained one, as released. One forward pass serves the discriminator's step and, after it,
the one step of generator and appearance network. Networks come from reidzoo, doubled maps as maps; losses are torch's.

    released        here
    x_a, x_b        a.images, b.images; their positives a.positives, b.positives
    x_ba            appearance of a, structure of b
    id_a            backbone and head
    gen_a           generator
    teacher_w       weights.teacher
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from reidzoo.models.doubling_conv import DoublingConv

RECON, RECON_ID, FINE_SHARE, PENALTY = 5.0, 0.5, 0.2, 0.01


@dataclass
class Group:
    """n images B x 3 x H x W normalised, other images of the same identities, and pids n."""

    images: Tensor
    positives: Tensor
    pids: Tensor


@dataclass
class Weights:
    """What the ramps have reached; the released ends are 1, 1, 2 and 2."""

    recon_s: float = 1.0
    recon_f: float = 1.0
    cyc: float = 2.0
    teacher: float = 2.0


class DGNetTwin(nn.Module):
    """The networks, their optimisers and the step.

    Args:
        backbone: images to a map.
        head: with ``prim_logits`` and ``fine_logits`` of a map, and ``code`` of it.
        generator: with ``structure`` and ``decode``.
        discriminator: images to a list of maps of scores.
        teacher: normalised images to logits; its batch norms are in training mode, the rest is evaluated.
        erase: what random erasing makes of a group's images.
        lr: factor of the released learning rates.
    """

    def __init__(
        self,
        backbone: nn.Module,
        head: nn.Module,
        generator: nn.Module,
        discriminator: nn.Module,
        teacher: nn.Module,
        erase: Callable[[Tensor], Tensor] = lambda images: images,
        lr: float = 1.0,
    ):
        super().__init__()
        self.appearance = nn.ModuleDict({"backbone": backbone, "head": head})
        self.generator, self.discriminator = doubled_apart(generator), discriminator
        self.teacher = only_norms_train(teacher)
        self.erase = erase
        self.appearance_optimizer = torch.optim.SGD(
            [
                {"params": backbone.parameters(), "lr": 0.002 * lr},
                {"params": head.parameters(), "lr": 0.02 * lr},
            ],
            momentum=0.9,
            nesterov=True,
            weight_decay=5e-4,
        )
        adam = {"lr": 1e-4 * lr, "betas": (0.0, 0.999), "weight_decay": 5e-4}
        self.generator_optimizer = torch.optim.Adam(generator.parameters(), **adam)
        self.discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), **adam)

    def step(self, a: Group, b: Group, coin: float, weights: Weights | None = None) -> dict[str, Tensor]:
        """Both updates; every term with its weight, and D's. ``coin`` in [0, 1] decides which E_s encodes anew."""
        self.draw(a, b)
        d_loss = self.discriminator_loss(a, b)
        d_loss.backward()
        self.discriminator_optimizer.step()

        terms = self.terms(a, b, coin, weights or Weights())
        torch.stack(list(terms.values())).sum().backward()
        self.generator_optimizer.step()
        self.appearance_optimizer.step()
        self.zero_grad()  # the discriminator's too, of what was asked of the generator
        return {"d": d_loss.detach(), **{name: term.detach() for name, term in terms.items()}}

    def draw(self, a: Group, b: Group) -> None:
        """The forward pass."""
        encode, decode = self.generator.structure, self.generator.decode
        self.s_a, self.s_b = encode(grey(a.images)), encode(grey(b.images))
        self.f_a, _ = look(self.appearance, a.images)
        self.f_b, _ = look(self.appearance, b.images)
        self.x_ba, self.x_ab = decode(self.s_b, self.f_a), decode(self.s_a, self.f_b)
        self.x_aa, self.x_bb = decode(self.s_a, self.f_a), decode(self.s_b, self.f_b)
        fp_a, _ = look(self.appearance, a.positives)
        fp_b, _ = look(self.appearance, b.positives)
        self.xp_aa, self.xp_bb = decode(self.s_a, fp_a), decode(self.s_b, fp_b)
        erased = [self.erase(images) for images in (a.images, b.images, a.positives, b.positives)]
        self.p_a, self.p_b, self.pp_a, self.pp_b = (look(self.appearance, images)[1] for images in erased)

    def discriminator_loss(self, a: Group, b: Group) -> Tensor:
        """Least squares and the squared gradient at real images, over both directions and all scales."""
        loss = torch.zeros_like(self.x_ba[0, 0, 0, 0])
        for fake, real in ((self.x_ba, a.images), (self.x_ab, b.images)):
            real = real.clone().requires_grad_()
            for false, true in zip(self.discriminator(fake.detach()), self.discriminator(real), strict=True):
                (slope,) = torch.autograd.grad(true.sum(), real, create_graph=True)
                squares = slope.square().flatten(1).sum(1).mean()
                loss = loss + false.square().mean() + (true - 1).square().mean() + PENALTY * squares
        return loss

    def terms(self, a: Group, b: Group, coin: float, weights: Weights) -> dict[str, Tensor]:
        """What generator and appearance network minimise, each term weighted and summed over both directions."""
        judged = [*self.discriminator(self.x_ba), *self.discriminator(self.x_ab)]
        s_a_again, s_b_again = self.encode_again(coin)
        copy = only_norms_train(deepcopy(self.appearance)).requires_grad_(False)
        f_a_again, of_ba = look(copy, self.x_ba)
        f_b_again, of_ab = look(copy, self.x_ab)
        x_aba = self.generator.decode(s_a_again, f_a_again)
        x_bab = self.generator.decode(s_b_again, f_b_again)
        real = F.cross_entropy(self.p_a[0], a.pids) + F.cross_entropy(self.p_b[0], b.pids)
        fine_on_real = F.cross_entropy(self.p_a[1], a.pids) + F.cross_entropy(self.p_b[1], b.pids)
        cycle = F.l1_loss(x_aba, a.images) + F.l1_loss(x_bab, b.images)
        terms = {
            "adv": 2 * sum((scores - 1).square().mean() for scores in judged),
            "recon_x": RECON * (F.l1_loss(self.x_aa, a.images) + F.l1_loss(self.x_bb, b.images)),
            "recon_xp": RECON * (F.l1_loss(self.xp_aa, a.images) + F.l1_loss(self.xp_bb, b.images)),
            "recon_s": weights.recon_s
            * (F.l1_loss(s_a_again, self.s_a.detach()) + F.l1_loss(s_b_again, self.s_b.detach())),
            "recon_f": weights.recon_f * (F.l1_loss(f_a_again, self.f_a) + F.l1_loss(f_b_again, self.f_b)),
            "cyc": weights.cyc * cycle,
            "id": real + FINE_SHARE * weights.teacher * fine_on_real,
            "pid": F.cross_entropy(self.pp_a[0], a.pids) + F.cross_entropy(self.pp_b[0], b.pids),
            "recon_id": RECON_ID * (F.cross_entropy(of_ba[0], a.pids) + F.cross_entropy(of_ab[0], b.pids)),
        }
        return {**terms, **self.taught(a, b, weights.teacher)} if weights.teacher else terms

    def encode_again(self, coin: float) -> tuple[Tensor, Tensor]:
        """Structures of a and b from what was drawn with them: E_s learns from it, or what was drawn does."""
        if coin <= 0.5:
            encode = self.generator.structure
            return encode(grey(self.x_ab.detach())), encode(grey(self.x_ba.detach()))
        encode = deepcopy(self.generator.structure_encoder).requires_grad_(False)
        return encode(grey(self.x_ab)), encode(grey(self.x_ba))

    def taught(self, a: Group, b: Group, weight: float) -> dict[str, Tensor]:
        """What the appearance network learns from drawn images: the teacher's opinion, and whose structure it is."""
        prim = fine = 0.0
        for drawn, structure_pids in ((self.x_ab.detach(), a.pids), (self.x_ba.detach(), b.pids)):
            with torch.no_grad():
                opinion = self.teacher(drawn).softmax(1) + self.teacher(drawn.flip(3)).softmax(1)
            opinion = opinion / opinion.sum(1, keepdim=True)
            _, (of_prim, of_fine) = look(self.appearance, drawn)
            prim = prim + F.kl_div(of_prim.log_softmax(1), opinion, reduction="sum") / len(drawn)
            fine = fine + F.cross_entropy(of_fine, structure_pids)
        return {"prim": weight * prim, "fine": FINE_SHARE * weight * fine}


class Logits(nn.Module):
    """The logits of a re-ID method of one backbone and one head."""

    def __init__(self, method: nn.Module):
        super().__init__()
        self.backbone, self.head = method.backbone, method.head

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.backbone(images)).logits


def grey(images: Tensor) -> Tensor:
    """The mean of the normalised channels."""
    return images.mean(1, keepdim=True)


def look(appearance: nn.ModuleDict, images: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The code, detached as in every call of the release, and both heads' logits."""
    found = appearance["backbone"](images)
    output = appearance["head"](found)
    return appearance["head"].code(found).detach(), (output.prim_logits, output.fine_logits)


def doubled_apart(generator: nn.Module) -> nn.Module:
    """The decoder's doublings and the convolutions after them as layers of their own, with the same weights."""
    layers = generator.decoder.up
    for number, layer in enumerate(layers):
        if isinstance(layer, DoublingConv):
            plain = nn.Conv2d(layer.in_channels, layer.out_channels, 5, padding=2, padding_mode="reflect")
            plain.weight, plain.bias = layer.weight, layer.bias
            layers[number - 1], layers[number] = nn.Upsample(scale_factor=2), plain
    return generator


def only_norms_train(network: nn.Module) -> nn.Module:
    """Evaluated, but for batch norms, which use and gather the batch's statistics."""
    network.eval()
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.train()
    return network
