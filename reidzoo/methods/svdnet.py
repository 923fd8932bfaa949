"""SVDNet: Sun, Zheng, Deng, Wang, "SVDNet for Pedestrian Retrieval", ICCV 2017.

Images are compared by their projections on the weight vectors of the last layer; trained freely these grow alike, and
what many of them share counts many times. Restraint and relaxation iteration makes them orthogonal again and again, and
trains the network around them.

    paper                                   here
    W, d x k, columns are weight vectors    head.eigenlayer.weight, its transpose
    step 0, the model with a linear FC      the first ``steps_before`` steps
    decorrelation, W = U S V^T, W <- U S    decorrelated(weight), at the first step of each round
    restraint, W fixed                      ``restraint_steps`` steps
    relaxation, W free                      ``relaxation_steps`` steps
    R rounds                                ``rounds``
    G = W^T W, S(W)                         orthogonality(weight)

The authors' Caffe release starts a solver anew for each phase, and its momentum at zero. Here what the optimiser
remembers of W is dropped at the first step of every phase: after a decorrelation it speaks of another basis, and after
a restraint it is as old as that was long. What it remembers of other parameters stays. The learning rate of rounds and
phases is the config's schedule. During relaxation the release also fixes conv1, res2 and all batch norms of its ResNet;
batch norms are the config's to fix (``freeze_bn``), and stages are not fixed for a part of a run here.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from mmengine.dist import broadcast, get_world_size
from mmengine.optim import OptimWrapper
from torch import Tensor

from reidzoo.base.errors import UserError, require_at_least
from reidzoo.methods.base import BackboneWithHead, accuracy
from reidzoo.models.heads.eigen_head import EigenHead
from reidzoo.registry import LOSSES, METHODS


@METHODS.register
class SVDNet(BackboneWithHead):
    """Identity classification through an Eigenlayer that is decorrelated, restrained and relaxed in rounds.

    A step is one batch. Steps after the last round go on with its relaxation. On several processes it needs
    ``model_wrapper_cfg=dict(type="OwnStepDistributedDataParallel")``.

    Args:
        backbone: config from shelf BACKBONES.
        head: an ``EigenHead``; ``in_channels`` and ``num_pids`` are filled in.
        num_pids: number of training identities; the tools read it from the data set.
        steps_before: steps of the step-0 model, before the first round.
        rounds: R; 0 trains the step-0 model only, the baseline that the paper compares with.
        restraint_steps: steps of each round with W fixed.
        relaxation_steps: steps of each round with W free.
        loss: config from shelf LOSSES, applied to logits B x K and pids B.
        data_preprocessor: see :class:`ReIDMethod`.

    Raises:
        UserError: a number of steps or rounds out of its range, or a head without an Eigenlayer.
    """

    smoke: ClassVar = {"steps_before": 0, "rounds": 1, "restraint_steps": 1, "relaxation_steps": 1}

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        num_pids: int,
        steps_before: int,
        rounds: int,
        restraint_steps: int = 8000,
        relaxation_steps: int = 8000,
        loss: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
    ):
        super().__init__(backbone, head, num_pids, data_preprocessor)
        require_at_least(0, self, steps_before=steps_before, rounds=rounds)
        require_at_least(1, self, restraint_steps=restraint_steps, relaxation_steps=relaxation_steps)
        self.steps_before, self.rounds = steps_before, rounds
        self.restraint_steps, self.relaxation_steps = restraint_steps, relaxation_steps
        if not isinstance(self.head, EigenHead):
            raise UserError(
                f"SVDNet decorrelates an Eigenlayer: its head is an EigenHead, got {type(self.head).__name__}"
            )
        self.loss = LOSSES.build(loss or {"type": "CrossEntropy"})
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))  # a resumed run goes on in mid-phase
        self._runs_own_step = False

    def phase(self) -> tuple[str, int]:
        """``"step 0"``, ``"restraint"`` or ``"relaxation"``, and how many steps of it are done."""
        step = int(self.step)
        if step < self.steps_before or self.rounds == 0:
            return "step 0", step
        length = self.restraint_steps + self.relaxation_steps
        current = min((step - self.steps_before) // length, self.rounds - 1)
        done = step - self.steps_before - current * length
        return ("restraint", done) if done < self.restraint_steps else ("relaxation", done - self.restraint_steps)

    def train_step(self, data: dict[str, Tensor], optim_wrapper: OptimWrapper) -> dict[str, Tensor]:
        """One batch of the restraint and relaxation iteration."""
        self._runs_own_step = True
        weight = self.head.eigenlayer.weight
        phase, done = self.phase()
        if done == 0:
            if phase == "restraint":
                with torch.no_grad():
                    weight.copy_(decorrelated(weight))  # W <- U S
                    broadcast(weight.detach())  # an SVD may differ in the last bit from machine to machine
            optim_wrapper.optimizer.state.pop(weight, None)
        with optim_wrapper.optim_context(self):
            batch = self.data_preprocessor(data, True)
            losses = self._run_forward(batch, mode="loss")
        total, logged = self.parse_losses(losses)
        optim_wrapper.backward(optim_wrapper.scale_loss(total))
        if phase == "restraint":
            weight.grad = None  # an optimiser passes over what has none: no decay and no momentum moves W either
        if optim_wrapper.should_update():
            optim_wrapper.step()
            optim_wrapper.zero_grad()
        self.step += 1
        return {**logged, "orthogonality": orthogonality(weight.detach())}  # S(W), should rise towards 1

    def losses(self, images: Tensor, pids: Tensor) -> dict[str, Tensor]:
        """See :class:`ReIDMethod`.

        Raises:
            UserError: several processes under a wrapper that does not call this method's ``train_step``.
        """
        if get_world_size() > 1 and not self._runs_own_step:
            raise UserError(
                "SVDNet on several processes would train without its rounds, since MMDistributedDataParallel never "
                "calls a method's train_step: set model_wrapper_cfg=dict(type='OwnStepDistributedDataParallel')"
            )
        output = self.head(self.backbone(images))
        return {"loss_id": self.loss(output.logits, pids), "accuracy": accuracy(output.logits, pids)}


def decorrelated(weight: Tensor) -> Tensor:
    """``U S`` of the singular value decomposition ``W = U S V^T``, its vectors in the order and direction of W's.

    The vectors become orthogonal, and distances between projected features stay as they are: ``x^T W`` and ``x^T U S``
    differ by the rotation V. Order and sign of singular vectors are free, and the classifier behind expects the old
    ones: each weight vector in turn gets the free singular vector of largest ``|cos|`` with it, turned towards it, as
    in the authors' release.

    Args:
        weight: k x d, k <= d: the transpose of the paper's W.

    Returns:
        k x d, of the same dtype and device; computed in float64 on the CPU.
    """
    old = weight.detach().cpu().double()
    left, values, _ = torch.linalg.svd(old.T, full_matrices=False)
    vectors = (left * values).T  # rows of (U S)^T
    cosines = F.normalize(old, dim=1) @ left
    order = torch.empty(len(old), dtype=torch.int64)
    free = torch.ones(len(old), dtype=torch.bool)
    for row, cosine in enumerate(cosines.abs()):
        order[row] = cosine.masked_fill(~free, -1.0).argmax()
        free[order[row]] = False
    signs = torch.where(cosines.gather(1, order[:, None]) < 0, -1.0, 1.0)
    return (signs * vectors[order]).to(weight)


def orthogonality(weight: Tensor) -> Tensor:
    """S(W) = sum_i |g_ii| / sum_ij |g_ij| of G = W^T W: 1 for orthogonal weight vectors, 1/k for k equal ones.

    weight: k x d, the transpose of the paper's W. Returns a scalar (absolute values as in the release).
    """
    gram = (weight.float() @ weight.float().T).abs()
    return gram.diagonal().sum() / gram.sum()
