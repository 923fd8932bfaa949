"""Stages that train and draw nothing, and remember what they were asked for."""

from pathlib import Path

from reidzoo.apis import generator_stages, stages


def record_stages(monkeypatch, drawer, unit):
    """A list that receives what is trained and drawn, in order: ``(what, options)``.

    Training writes a checkpoint of a few letters; of drawing nothing is done.

    Args:
        monkeypatch: pytest's.
        drawer: name of the function that draws a folder, such as ``render_dataset``.
        unit: its argument that says how many an image, such as ``contexts``.
    """
    made = []

    def train(config, *, work_dir, options, seed, resume):
        made.append((Path(config).stem, options))
        Path(work_dir, "epoch_1.pth").write_text(f"{len(made)} of seed {seed}")
        Path(work_dir, "last_checkpoint").write_text(f"{work_dir}/epoch_1.pth")

    def draw(config, checkpoint, root, out, *, seed, report, **numbers):
        assert list(numbers) == [unit]
        made.append(
            (f"{numbers[unit]} of {Path(checkpoint).read_text()}", {"root": root, "out": str(out), "seed": seed})
        )

    monkeypatch.setattr(stages, "train", train)
    monkeypatch.setattr(generator_stages, drawer, draw)
    return made
