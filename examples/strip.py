"""The strip of pictures on the front page: persons of SynthPed day as each published generator redraws them.

    python tools/camstyle.py configs/camstyle/camstyle-2cameras_resnet3_synthped-day.py
    python examples/strip.py work_dirs/camstyle-2cameras_resnet3_synthped-day/seed0/DRAWN docs/pictures/strip.png

All networks are the zoo's, but for CamStyle's pair of cameras, which is trained in minutes; DRAWN is the folder that
``tools/camstyle.py`` prints.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from reidzoo.apis.method_loading import load_method
from reidzoo.apis.rendering import REFUSAL, read_pairs, renderable
from reidzoo.apis.reposing import repose
from reidzoo.apis.swapping import swap
from reidzoo.apis.translator import Translator
from reidzoo.methods.rendering import RenderingMethod
from reidzoo.visualization.image_grid import draw_image_grid

TRAIN = Path("data/synthped-day/bounding_box_train")
#: training images of cameras 1 and 2, which CamStyle's pair is of
NAMES = ("0174_c2s1_006007_01.jpg", "0441_c1s1_017530_01.jpg", "0248_c2s1_008610_01.jpg")
#: rows of dusk's training images
CONTEXTS = (700, 1500)
COLUMNS = (
    "source", "CycleGAN", "SPGAN", "CamStyle", "CR-GAN", "CR-GAN", "re-posed", "DG-Net swap",
)  # fmt: skip


def read(path: Path) -> np.ndarray:
    return cv2.imread(str(path))[:, :, ::-1]


def rendered() -> list[list[np.ndarray]]:
    """Each person in two contexts of dusk."""
    cfg, method = load_method("cr-gan_unet_synthped-day2dusk", None, RenderingMethod, REFUSAL)
    source, target = renderable(cfg, "source"), renderable(cfg, "target")
    rows = [next(i for i, record in enumerate(source.records) if record.path.name == name) for name in NAMES]
    drawn = [method.render(*read_pairs(source, target, rows, [context] * len(rows))) for context in CONTEXTS]
    return [[each.permute(1, 2, 0).numpy() for each in images] for images in drawn]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("camstyle", type=Path, help="what tools/camstyle.py drew")
    parser.add_argument("out", help="PNG file")
    arguments = parser.parse_args()
    styled = {path.name.partition("_fake")[0]: path for path in sorted(arguments.camstyle.rglob("*.jpg"))}
    files = [str(TRAIN / name) for name in NAMES]
    poses = files[1:] + files[:1]  # each in the pose of the next
    columns = [
        [read(Path(file)) for file in files],
        *(list(Translator(f"{name}_resnet3_synthped-day2dusk")(files)) for name in ("cyclegan", "spgan")),
        [read(styled[Path(name).stem]) for name in NAMES],
        *rendered(),
        [repose("deformable-pixels_unet6_synthped-day", None, *pair) for pair in zip(files, poses, strict=True)],
        [swap("dgnet_osnet-x0-25_synthped-day", None, *pair)[0, 0] for pair in zip(poses, files, strict=True)],
    ]
    draw_image_grid(arguments.out, list(zip(*columns, strict=True)), column_titles=COLUMNS)


if __name__ == "__main__":
    main()
