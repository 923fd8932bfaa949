"""Seconds to render one batch on the fly, beside plain rendering of the same batch with the same weights.

On the fly is what ContextRendering does while a re-ID method trains: bytes in, bfloat16 where --precision says so,
channels-last, no gradient, renderings in the re-ID network's normalisation out. Plain is the same in float32 and in
contiguous order. Both run in turns in one process, so that a busy moment of the machine hits both alike. With --share:
which share of a training step of IDE with OSNet goes into rendering.
"""

from __future__ import annotations

import argparse
import copy
import json

import torch
from evaluation import shown, surroundings
from terminaltables import AsciiTable
from torch import Tensor
from turns import Step, in_turns, parts_table

from reidzoo.base.files import write_text
from reidzoo.base.precision import PRECISIONS
from reidzoo.engine.precision import AutocastOptimWrapper
from reidzoo.methods.context_rendering import ContextRendering
from reidzoo.methods.ide import IDE

SMOKE = {"width": 4, "blocks": 1, "height": 32, "width_px": 16, "batch": 2, "steps": 2}
PIDS = 100


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: OMP_NUM_THREADS=2 python benchmarks/context_rendering.py --share",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--width", type=int, default=16, help="channels of the renderer's encoders (16)")
    parser.add_argument("--blocks", type=int, default=3, help="residual blocks of the renderer (3)")
    parser.add_argument("--height", type=int, default=128, help="of the images in pixels (128)")
    parser.add_argument("--width-px", type=int, default=64, help="of the images in pixels (64)")
    parser.add_argument("--batch", type=int, default=64, help="persons, and as many contexts (64)")
    parser.add_argument("--steps", type=int, default=5, help="measured batches of each; medians are printed (5)")
    parser.add_argument("--precision", choices=sorted(PRECISIONS), default="bf16", help="on the fly (bf16)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="(a GPU if any)")
    parser.add_argument("--share", action="store_true", help="print the share of rendering in a training step")
    parser.add_argument("--smoke", action="store_true", help=f"a tiny setting instead: {SMOKE}")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    arguments = parser.parse_args()
    if arguments.smoke:
        vars(arguments).update(SMOKE)
    torch.manual_seed(0)
    preprocessor, batch = rendering(arguments)
    figures = measure(preprocessor, batch, arguments)
    print(AsciiTable([["figure", "value"], *([key, shown(value)] for key, value in figures.items())]).table)
    if arguments.share:
        step, rendered_by = training_step(batch, arguments)
        step()  # warm
        print(parts_table(step, [("rendering", rendered_by, "render")], arguments.device, arguments.steps))
    if arguments.json:
        write_text(arguments.json, json.dumps(figures, indent=2) + "\n")


def rendering(arguments: argparse.Namespace) -> tuple[ContextRendering, dict[str, Tensor]]:
    """The preprocessor, its renderer with weights at which every layer matters, and a batch on the device."""
    generator = {"type": "CRGANGenerator", "width": arguments.width, "blocks": arguments.blocks}
    preprocessor = ContextRendering({"type": "CRGAN", "generator": generator}, precision=arguments.precision)
    with torch.no_grad():
        for parameter in preprocessor.renderer.load().parameters():
            parameter.normal_(std=0.02)
    shape = (arguments.height, arguments.width_px)
    pictures = torch.randint(0, 256, (2, arguments.batch, 3, *shape), dtype=torch.uint8)
    masks = 255 * torch.randint(0, 2, (2, arguments.batch, 1, *shape), dtype=torch.uint8)
    batch = {"images": pictures[0], "masks": masks[0], "context_images": pictures[1], "context_masks": masks[1]}
    on_device = {key: value.to(arguments.device) for key, value in batch.items()}
    return preprocessor.to(arguments.device), on_device


def measure(
    preprocessor: ContextRendering, batch: dict[str, Tensor], arguments: argparse.Namespace
) -> dict[str, object]:
    """The setting and what was measured in it."""
    on_the_fly = preprocessor.renderer.load()
    plain = copy.deepcopy(on_the_fly).to(arguments.device, memory_format=torch.contiguous_format)

    def render_plainly() -> Tensor:
        images, contexts = (batch[key].float() / 127.5 - 1 for key in ("images", "context_images"))
        masks, context_masks = (batch[key].float() / 255 for key in ("masks", "context_masks"))
        pixels = 127.5 * plain.render_normalised(images, masks, contexts, context_masks) + 127.5
        return (pixels - preprocessor.mean) / preprocessor.std

    chosen = ("width", "blocks", "height", "width_px", "batch", "steps", "precision")
    return {
        **{key: getattr(arguments, key) for key in chosen},
        **in_turns(lambda: preprocessor.render(**batch), render_plainly, arguments.device, arguments.steps),
        **surroundings(),
    }


def training_step(batch: dict[str, Tensor], arguments: argparse.Namespace) -> tuple[Step, ContextRendering]:
    """A step of IDE that learns from what is rendered, in float32, and the preprocessor that renders."""
    generator = {"type": "CRGANGenerator", "width": arguments.width, "blocks": arguments.blocks}
    method = IDE(
        {"type": "OSNet", "width": 0.25, "embedding": False},
        {"type": "LinearHead", "hidden": 512, "dropout": 0.0},
        PIDS,
        data_preprocessor={
            "type": "ContextRendering",
            "renderer": {"type": "CRGAN", "generator": generator},
            "precision": arguments.precision,
        },
    ).to(arguments.device)
    optimiser = AutocastOptimWrapper(torch.optim.AdamW(method.parameters()))
    data = {**batch, "pids": torch.arange(arguments.batch, device=arguments.device) % PIDS}
    return lambda: method.train_step(data, optimiser), method.data_preprocessor


if __name__ == "__main__":
    main()
