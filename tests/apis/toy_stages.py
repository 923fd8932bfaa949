"""Stages that train and draw nothing, and remember what they were asked for."""

from pathlib import Path

from reidzoo.apis import generator_stages, stages


def record_training(monkeypatch):
    """A list that receives what is trained, in order: ``(name, options)``; a checkpoint of a few letters is written."""
    made = []

    def train(config, *, work_dir, options, seed, resume):
        made.append((Path(config).stem, options))
        Path(work_dir, "epoch_1.pth").write_text(f"{len(made)} of seed {seed}")
        Path(work_dir, "last_checkpoint").write_text(f"{work_dir}/epoch_1.pth")

    monkeypatch.setattr(stages, "train", train)
    return made


def record_stages(monkeypatch, drawer, unit):
    """The same, with what is drawn between: ``("<number> of <checkpoint's text>", arguments)``; no image is written.

    Args:
        monkeypatch: pytest's.
        drawer: name of the function that draws a folder, such as ``render_dataset``.
        unit: its argument that says how many an image, such as ``contexts``.
    """
    made = record_training(monkeypatch)

    def draw(config, checkpoint, root, out, *, seed, report, **numbers):
        assert list(numbers) == [unit]
        made.append(
            (f"{numbers[unit]} of {Path(checkpoint).read_text()}", {"root": root, "out": str(out), "seed": seed})
        )

    monkeypatch.setattr(generator_stages, drawer, draw)
    return made
