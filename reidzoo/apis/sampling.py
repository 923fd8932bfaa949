"""Images drawn from noise, as a folder that ``SampledFolder`` reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from reidzoo.apis.drawing import Batch, Drawing, DrawnFolder, Item, chance_of, check_numbers, draw_folder, made_with
from reidzoo.apis.drawn_folder import SAMPLING
from reidzoo.apis.method_loading import load_method
from reidzoo.base.errors import UserError
from reidzoo.base.reporting import Report, silent
from reidzoo.base.weights import read_checkpoint
from reidzoo.data.datasets.manifest import SAMPLES
from reidzoo.data.datasets.sampled_folder import SampledImage
from reidzoo.data.transforms import Resize
from reidzoo.methods.sampling import SamplingMethod
from reidzoo.zoo.cards import find_card
from reidzoo.zoo.download import SCHEME

REFUSAL = "draws nothing from noise: name the config of a method that does, such as DCGAN"
#: names have six digits, so that they sort as their numbers do
MOST = 1_000_000


def sample_images(
    name_or_config: str | Path,
    checkpoint: str | Path | None,
    out: str | Path,
    *,
    count: int,
    size: Sequence[int] | None = None,
    quality: int = 95,
    seed: int = 0,
    batch_size: int = 64,
    device: str = "auto",
    report: Report = silent,
) -> DrawnFolder:
    """Draw ``count`` images from noise, as JPEG files ``000000.jpg`` and so on under ``out``.

    ``manifest.json`` lists them and says what made them: the method, its generator, config, digest of the checkpoint,
    commit, the data set it was trained on, count, size, quality and seed. It is written last.

    An image is a function of checkpoint, ``seed`` and its own number: the first 100 of 1000 are those of 100. A killed
    call is taken up by the same call: complete images are kept, half-written ones do not exist, nothing is deleted. A
    finished folder is left alone.

    Args:
        name_or_config: a model of the zoo, which brings its config along, or the path of the config that the method
            was trained with; a run leaves it in its work folder, too.
        checkpoint: for a config, of its run, or published weights, also as ``zoo://NAME``; None for a model of the zoo.
        out: a new folder, or that of the same call before.
        count: how many images, 1 to 1,000,000.
        size: height and width in pixels to resize them to before they are written, bilinear (area-averaged where both
            sides shrink); None keeps the size in which they are drawn. LSRO's release writes 256 x 256.
        quality: of the JPEG files, 1 to 100.
        seed: of the noise.
        batch_size: images a step. Rounding may differ by one grey level between batch sizes.
        device: ``auto``, or what torch calls a device.
        report: receives one line before and one after.

    Raises:
        UserError: a mistake of config or checkpoint, a method that draws nothing from noise, a value out of its range,
            or a folder that holds other images.
    """
    check_numbers(quality, count=count, batch_size=batch_size)
    if count > MOST:
        raise UserError(f"count is how many images are drawn, at most {MOST:,}, got {count:,}: draw several folders")
    if size is not None:
        check_size(size)
    cfg, method = load_method(name_or_config, checkpoint, SamplingMethod, REFUSAL)
    if checkpoint is None:  # the manifest names the config and the file that stand behind the name
        name_or_config, checkpoint = find_card(str(name_or_config)).config, f"{SCHEME}://{name_or_config}"
    height, width = size or method.image_size
    header = {
        "made_by": "reidzoo sample",
        "kind": SAMPLES,
        **made_with(name_or_config, cfg, checkpoint, method),
        "source": _trained_on(checkpoint),
        "count": count,
        "size": [height, width],
        "quality": quality,
        "seed": seed,
    }
    drawing = Drawing(
        kind=SAMPLING,
        method=method,
        read=lambda batch: torch.cat([noise_of(method, seed, item.index) for item in batch]),
        draw=lambda noise, batch: method.sample(noise),
        finished=lambda image: Resize(height, width)({"image": image})["image"],
        batch_size=batch_size,
        quality=quality,
        device=device,
    )
    items: Batch = [Item(number, SampledImage(f"{number:06d}.jpg")) for number in range(count)]
    return draw_folder(out, header, items, drawing, report)


def noise_of(method: SamplingMethod, seed: int, number: int) -> Tensor:
    """The noise 1 x D of one image, a function of ``seed`` and ``number``, on the CPU."""
    return method.noise(1, torch.Generator().manual_seed(chance_of(seed, number) >> 1))


def check_size(size: Sequence[int], name: str = "size") -> None:
    """Refuse what is no height and width.

    Raises:
        UserError: names the argument.
    """
    if not isinstance(size, list | tuple) or len(size) != 2 or any(type(side) is not int or side < 1 for side in size):
        raise UserError(f"{name} is height and width in pixels, two whole numbers of at least 1, got {size!r}")


def _trained_on(checkpoint: str | Path) -> str | None:
    """The name of the training set that the checkpoint remembers; None where it does not."""
    return (read_checkpoint(checkpoint).get("meta", {}).get("dataset_meta") or {}).get("name")
