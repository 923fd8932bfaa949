"""DG-Net: Zheng, Yang, Yu, Zheng, Yang & Kautz, "Joint Discriminative and Generative Learning for Person
Re-identification", CVPR 2019 (arXiv:1904.07223), from the released code.

The network that recognises persons is also the one that tells a generator what they wear, and learns from its images.

    paper, released code              here                                          weight
    x_a, x_b; their labels            halves of batch["images"], 2n rows, and of batch["pids"]: the release has two
                                      independent loaders of n = 8 over one set, which show each image twice an
                                      epoch; one shuffled loader of 2n shows it once, so an epoch has half the steps
    x_t with y_t = y_i                batch["positive_images"]
    E_a, a                            backbone and head; head.code(map)
    E_s, s; G; D                      generator.structure(grey), generator.decode(s, a); discriminator
    x^i_j = G(a_i, s_j)               drawn.cross: row k has the structure of row k, the appearance of row k + n
    L_img1, L_img2                    loss_recon_x, loss_recon_xp                   image_weight 5
    L_code1, L_code2                  loss_recon_f, loss_recon_s                    code_weight 1, ramped
    (released only) cycle of images   loss_cyc                                      cycle_weight 2, ramped
    L_id^s                            loss_id, loss_pid, of erased images           1
    L_id^c                            loss_recon_id                                 generated_id_weight 0.5
    L_adv                             loss_adv; D: loss_d, loss_d_gradient          1; gradient_weight 0.01
    L_prim, L_fine                    loss_prim, loss_fine                          mining_weight 2 (ramped) x 1, x 0.2

Every term is the sum of two directions, 2 x the mean over 2n rows. Before ``warm_up_steps`` the ramped weights are 0
and their terms not computed; then they rise by ``ramp_per_step`` up to their values.

**Where paper and released code differ** the code is the default. The appearance code is cut off from E_a, which learns
nothing by drawing (``appearance_gradient``); re-encoding it teaches nobody, because a_i and what is re-encoded are both
cut off (``code_trains_decoder``). Code losses begin late; D is of least squares and held flat at real images; fine
labels are learnt on real images as well, within loss_id. The re-encoded structure trains E_s in one half of the steps,
by chance, and what drew the image in the other.

**One pass for many.** The release copies E_a and E_s in every step to judge drawn images without learning from that,
and passes 8 images at a time. Here the networks themselves do, their parameters held, and every batch of 8 shares a
pass with others: layers without batch statistics do not care, batch norms take each 8 apart
(:func:`normalised_apart`). The arithmetic is that of the release, but for the running statistics of the frozen
teacher, which drift there and stay here; by default nothing reads them (``teacher_by_batch``).
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from reidzoo.base.errors import UserError, nearest, require_at_least
from reidzoo.base.precision import at_least_float32
from reidzoo.losses.gradient_penalty import penalised_scores
from reidzoo.methods.base import accuracy, to_channels_last
from reidzoo.methods.batch_erasing import erase_at_random
from reidzoo.methods.batch_norms import normalised_apart
from reidzoo.methods.dgnet_networks import DIRECTIONS, AppearanceAndStructure, Drawn, exchanged
from reidzoo.methods.generative import frozen
from reidzoo.methods.primary_targets import TAUGHT, UNTAUGHT, divergence, primary_targets
from reidzoo.methods.trained import TrainedMethod
from reidzoo.methods.wrapped import call
from reidzoo.models.discriminators.multi_scale_discriminator import MultiScaleDiscriminator
from reidzoo.registry import DISCRIMINATORS, LOSSES, METHODS

Batch = dict[str, Tensor]
Losses = dict[str, Tensor]
#: arguments that no negative number makes sense of
AT_LEAST_ZERO = (
    *("image_weight", "code_weight", "cycle_weight", "generated_id_weight", "gradient_weight"),
    *("mining_weight", "primary_weight", "fine_weight", "warm_up_steps", "ramp_per_step", "erasing_prob"),
)


class Weights(NamedTuple):
    """The ramped weights of a step; terms of weight 0 are not computed."""

    code: float
    cycle: float
    prim: float
    fine: float


@METHODS.register
class DGNet(AppearanceAndStructure):
    """A re-ID network of two views, and a generator that draws with its code and for its lessons.

    At test both views are compared, see :meth:`embed`.

    Args:
        backbone: see :class:`reidzoo.methods.dgnet_networks.AppearanceAndStructure`.
        head: as there.
        num_pids: number of training identities K; the tools read it from the data set.
        generator: as there.
        discriminator: a ``MultiScaleDiscriminator``.
        teacher: config from shelf METHODS, see :class:`reidzoo.methods.trained.TrainedMethod`; read by the primary
            targets that need one.
        teacher_weights: of the teacher, read in the first step; None is for ``--smoke``.
        teacher_by_batch: the teacher's batch norms normalise by each n drawn images, as in the release.
        image_weight: of drawing an image again from its own code, and from its positive's.
        code_weight: of either code read again from the drawn image, when ramped up.
        cycle_weight: of the image drawn again from both codes that were read again, when ramped up.
        generated_id_weight: of E_a recognising the appearance's identity, for what draws.
        mining_weight: of primary and fine learning together, when ramped up.
        primary_weight: of primary learning, times the former; 0 is fine only.
        fine_weight: of fine learning, times the former; 0 is primary only.
        gradient_weight: of D's slope at real images.
        warm_up_steps: steps before the ramps.
        ramp_per_step: what ramped weights gain in a step.
        primary_target: ``teacher``, or an alternative: see :func:`reidzoo.methods.primary_targets.primary_targets`.
        code_trains_decoder: the code that is read again keeps its graph, so that its loss trains what draws.
        appearance_gradient: codes keep E_a's graph, so that all that is asked of drawn images trains E_a, too.
        erasing_prob: of a real image that is classified to lose a rectangle.
        alpha: of the fine half at test, see :func:`reidzoo.methods.base.weighted_halves`; inf compares it alone.
        adversarial_loss: config from shelf LOSSES on maps of scores; by default ``MultiScaleGANLoss``.
        data_preprocessor: see :class:`reidzoo.methods.base.ReIDMethod`.

    Raises:
        UserError: a value out of its range, a head or discriminator of another kind, a teacher missing or for another
            number of identities. In a step: see :meth:`check_batch`, or the teacher's file.
    """

    smoke: ClassVar = {"warm_up_steps": 0, "ramp_per_step": 1.0}  # two steps meet every term

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        num_pids: int,
        generator: dict[str, Any],
        discriminator: dict[str, Any],
        teacher: dict[str, Any] | None = None,
        teacher_weights: str | None = None,
        teacher_by_batch: bool = True,
        image_weight: float = 5.0,
        code_weight: float = 1.0,
        cycle_weight: float = 2.0,
        generated_id_weight: float = 0.5,
        mining_weight: float = 2.0,
        primary_weight: float = 1.0,
        fine_weight: float = 0.2,
        gradient_weight: float = 0.01,
        warm_up_steps: int = 30_000,
        ramp_per_step: float = 0.0005,
        primary_target: str = "teacher",
        code_trains_decoder: bool = False,
        appearance_gradient: bool = False,
        erasing_prob: float = 0.5,
        alpha: float | str = 0.5,
        adversarial_loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(backbone, head, num_pids, generator, alpha, data_preprocessor)
        self.num_pids, self.primary_target, self.erasing_prob = num_pids, primary_target, erasing_prob
        self.image_weight, self.generated_id_weight = image_weight, generated_id_weight
        self.code_weight, self.cycle_weight, self.mining_weight = code_weight, cycle_weight, mining_weight
        self.primary_weight, self.fine_weight, self.gradient_weight = primary_weight, fine_weight, gradient_weight
        self.warm_up_steps, self.ramp_per_step = warm_up_steps, ramp_per_step
        self.code_trains_decoder, self.appearance_gradient = code_trains_decoder, appearance_gradient
        self._check_arguments()
        self.discriminator = to_channels_last(DISCRIMINATORS.build(discriminator))
        if not isinstance(self.discriminator, MultiScaleDiscriminator):
            raise UserError(f"DGNet needs a MultiScaleDiscriminator, got {type(self.discriminator).__name__}")
        self.adversarial_loss = LOSSES.build(adversarial_loss or {"type": "MultiScaleGANLoss"})
        self.id_loss, self.distance = LOSSES.build({"type": "CrossEntropy"}), LOSSES.build({"type": "L1Loss"})
        self.teacher = self._teacher(teacher, teacher_weights, teacher_by_batch)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))  # done; a resumed run goes on in mid-ramp

    def _check_arguments(self) -> None:
        require_at_least(0, self, **{name: getattr(self, name) for name in AT_LEAST_ZERO})
        if self.primary_target not in (*TAUGHT, *UNTAUGHT):
            known = nearest(self.primary_target, (*TAUGHT, *UNTAUGHT))
            raise UserError(f"DGNet has no primary_target '{self.primary_target}', {known}")
        if self.erasing_prob > 1:
            raise UserError(f"DGNet expects an erasing_prob of 0 to 1, got {self.erasing_prob}")

    def _teacher(self, config: dict[str, Any] | None, weights: str | None, by_batch: bool) -> TrainedMethod | None:
        if self.primary_target in UNTAUGHT or self.primary_weight == 0 or self.mining_weight == 0:
            return None
        if config is None:
            raise UserError(
                f"DGNet with primary_target '{self.primary_target}' learns from a teacher: give model.teacher its "
                "config and model.teacher_weights its file, or set another primary_target (one-hot, uniform)"
            )
        return TrainedMethod(config, weights, self.num_pids, "teacher", by_batch)

    def optimized(self) -> dict[str, list[nn.Module]]:
        """Which modules are updated together; ``optim_wrapper`` in the config has the same names."""
        others = {"generator": [self.generator], "discriminator": [self.discriminator]}
        return {"appearance": [self.backbone, self.head], **others}

    def losses(self, images: Tensor, pids: Tensor) -> Losses:
        """Refused, by a ``UserError``: a step of DGNet is more than a sum of terms."""
        raise UserError("DGNet learns by three updates a step: call train_step, or train it with tools/train.py")

    def weights(self) -> Weights:
        """The ramped weights of the step that comes."""
        raised = self.ramp_per_step * max(0, int(self.steps) - self.warm_up_steps)
        mining = min(self.mining_weight, raised)
        code, cycle = min(self.code_weight, raised), min(self.cycle_weight, raised)
        return Weights(code, cycle, self.primary_weight * mining, self.fine_weight * mining)

    def train_step(self, data: Batch, optim_wrapper: OptimWrapperDict) -> Losses:
        """Updates of D, of what draws and of E_a, on what was drawn once."""
        self.check_batch(data)
        if self.teacher is not None:
            self.teacher.load()  # in the first step, and not when the ramps begin
        batch, weights = self.data_preprocessor(data, True), self.weights()
        appearance, generator = optim_wrapper["appearance"], optim_wrapper["generator"]
        with generator.optim_context(self):
            drawn = self.draw_all(batch["images"], batch["positive_images"], self.appearance_gradient)
        losses = self.update_discriminator(batch, drawn, optim_wrapper["discriminator"])
        share = generator.scale_loss(torch.ones(()))  # of each step, where gradients of several are added
        losses |= self.update_generator(batch, drawn, weights, generator)
        with appearance.optim_context(self):
            terms = self.appearance_losses(batch, drawn, weights)
            total = sum(value for name, value in terms.items() if name.startswith("loss_"))
            if self.appearance_gradient:  # on from where what draws had its backward pass
                total = total + (drawn.encoded * drawn.codes.grad / share).sum()
        appearance.update_params(total)
        self.steps += 1
        return {**losses, **terms, "weight_prim": torch.tensor(weights.prim)}

    def check_batch(self, batch: Batch) -> None:
        """Refuse, by a ``UserError``, images without positives, or another number of them than 4, 6, 8 ..."""
        if "positive_images" not in batch:
            raise UserError("DGNet learns from images with a positive each: train it on the data set PositivePairs")
        rows = len(batch["images"])
        if rows < 4 or rows % 2:
            raise UserError(
                f"DGNet swaps the two halves of a batch, each normalised by itself, and got {rows} image(s): set "
                "train_dataloader.batch_size to an even number of at least 4, and train_dataloader.drop_last=True"
            )

    def update_discriminator(self, batch: Batch, drawn: Drawn, discriminator: OptimWrapper) -> Losses:
        """One step of D; what was drawn with the image's own code or its positive's is not shown to it."""
        with discriminator.optim_context(self):
            real, slope = penalised_scores(self.discriminator, batch["images"])
            fake = self.discriminator(drawn.cross.detach())
            losses = {
                "loss_d": DIRECTIONS * self.adversarial_loss.discriminator(real, fake),  # L_adv, of D
                "loss_d_gradient": DIRECTIONS * self.gradient_weight * slope,  # |grad D(x)|^2
            }
        discriminator.update_params(sum(losses.values()))
        return losses

    def update_generator(self, batch: Batch, drawn: Drawn, weights: Weights, generator: OptimWrapper) -> Losses:
        """One step of E_s, the MLPs and G; D and E_a judge and do not learn."""
        with frozen(self.discriminator, self.backbone, self.head), generator.optim_context(self):
            losses = self.generator_losses(batch, drawn, weights)
        generator.update_params(sum(losses.values()))
        return losses

    def generator_losses(self, batch: Batch, drawn: Drawn, weights: Weights) -> Losses:
        """What is asked of drawn images, weighted."""
        images, distance = batch["images"], self.distance
        logits, codes = self.recognise(drawn.cross)
        codes = codes if self.code_trains_decoder else codes.detach()
        losses = {
            "loss_adv": self.adversarial_loss.generator(self.discriminator(drawn.cross)),  # L_adv
            "loss_recon_x": self.image_weight * distance(drawn.same, images),  # |x_i - G(a_i, s_i)|_1
            "loss_recon_xp": self.image_weight * distance(drawn.positive, images),  # |x_i - G(a_t, s_i)|_1
            # -log p(y_i | x^i_j)
            "loss_recon_id": self.generated_id_weight * self.id_loss(logits, exchanged(batch["pids"])),
        }
        if weights.code or weights.cycle:
            structure = self.encode_again(drawn.cross)
        if weights.code:
            own = exchanged(drawn.codes.chunk(2)[0]).detach()
            losses["loss_recon_s"] = weights.code * distance(structure, drawn.structure.detach())  # |s_j - E_s(x^i_j)|
            losses["loss_recon_f"] = weights.code * distance(codes, own)  # |a_i - E_a(x^i_j)|_1
        if weights.cycle:
            again = call(self.generator, "decode", structure, exchanged(codes))
            # |x_i - G(.)|_1 of both codes that were read again
            losses["loss_cyc"] = weights.cycle * distance(again, images)
        return {name: DIRECTIONS * value for name, value in losses.items()}

    def appearance_losses(self, batch: Batch, drawn: Drawn, weights: Weights) -> Losses:
        """What E_a learns: real images, and whom drawn ones show."""
        pids, mines = batch["pids"], weights.prim > 0 or weights.fine > 0
        images = [erase_at_random(batch[name], self.erasing_prob) for name in ("images", "positive_images")]
        images += [drawn.cross.detach()] if mines else []
        with normalised_apart(self.backbone, self.head, batches=DIRECTIONS * len(images)):
            output = self.head(self.backbone(torch.cat(images)))
        prim, fine = output.prim_logits.split(len(pids)), output.fine_logits.split(len(pids))
        # -log p(y_i | x_i); before the ramp the fine head decays only
        of_fine = weights.fine * self.id_loss(fine[0], pids)
        losses = {"loss_id": self.id_loss(prim[0], pids) + of_fine, "loss_pid": self.id_loss(prim[1], pids)}
        if weights.prim > 0:
            targets = self.targets(drawn.cross.detach(), pids)
            losses["loss_prim"] = weights.prim * divergence(prim[2], targets)  # KL(q(x^i_j) || p(x^i_j))
        if weights.fine > 0:
            losses["loss_fine"] = weights.fine * self.id_loss(fine[2], pids)  # -log p(y_j | x^i_j)
        losses = {name: DIRECTIONS * value for name, value in losses.items()}
        return {**losses, "accuracy": accuracy(prim[0].detach(), pids)}

    @torch.no_grad()
    def targets(self, cross: Tensor, pids: Tensor) -> Tensor:
        """q(x^i_j), B x K: what the primary head is to say of drawn images whose structure is of ``pids``."""

        def predict() -> Tensor:
            views = torch.cat([cross, cross.flip(-1)])
            logits = at_least_float32(self.teacher(views, batches=2 * DIRECTIONS))
            return torch.stack(logits.softmax(dim=1).chunk(2)).mean(dim=0)

        return primary_targets(self.primary_target, exchanged(pids), pids, self.num_pids, predict)
