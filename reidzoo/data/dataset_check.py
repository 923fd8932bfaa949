"""Is a data set's folder what it should be? Everything that is wrong with it, not only the first thing.

Finds: counts that differ from the published ones, images whose names cannot be read, list files that point to
absent images, images that a list forgets, files with the same bytes within a part, the same base name in
training and test, identities in training and test, and queries without a match in another camera.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from terminaltables import AsciiTable
from tqdm import tqdm

from reidzoo.base.errors import UserError, nearest
from reidzoo.base.files import sha256
from reidzoo.data.datasets.base import ReIDDataset
from reidzoo.data.datasets.manifest import SAMPLES, read_header
from reidzoo.data.datasets.reading import undecodable
from reidzoo.data.datasets.records import PARTS, Counts, Listing, Record, count
from reidzoo.registry import DATASETS


class Finding(NamedTuple):
    """One thing that is wrong: its kind, the part or parts where it is, a sentence, and the files."""

    kind: str
    part: str
    message: str
    files: tuple[str, ...] = ()


class PartCounts(NamedTuple):
    """Images and identities of a part as found, and as expected (None when nobody says)."""

    part: str
    found: Counts
    expected: Counts | None


class DatasetReport(NamedTuple):
    """What :func:`check_dataset` found; nothing is wrong when ``findings`` is empty."""

    root: str
    dataset_type: str
    counts: list[PartCounts]
    findings: list[Finding]

    #: files named for each finding in the tables; JSON has them all
    SHOWN = 3

    def tables(self) -> str:
        """Counts and findings, drawn for a terminal."""
        counts = [["part", "images", "expected", "identities", "expected"]]
        for part, found, expected in self.counts:
            images, pids = (f"{expected.images:,}", f"{expected.pids:,}") if expected else ("-", "-")
            counts.append([part, f"{found.images:,}", images, f"{found.pids:,}", pids])
        drawn = f"{self.dataset_type} in {self.root}\n{AsciiTable(counts).table}"  # a table drops a title that is wide
        if not self.findings:
            return f"{drawn}\nnothing wrong found"
        rows = [["finding", "part", "what", "files"]]
        for kind, part, message, files in self.findings:
            more = [f"... {len(files) - self.SHOWN:,} more"] if len(files) > self.SHOWN else []
            rows.append([kind, part, message, "\n".join([*files[: self.SHOWN], *more])])
        return f"{drawn}\n{len(self.findings)} finding(s)\n{AsciiTable(rows).table}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "root": self.root,
            "type": self.dataset_type,
            "ok": not self.findings,
            "counts": {
                part: {"found": found._asdict(), "expected": expected._asdict() if expected else None}
                for part, found, expected in self.counts
            },
            "findings": [finding._asdict() for finding in self.findings],
        }


def check_dataset(root: str | Path, dataset_type: str | None = None, pattern: str | None = None) -> DatasetReport:
    """Look at all files of a data set and report everything that is wrong.

    Args:
        root: the data set's folder, as a reader takes it.
        dataset_type: class name of the reader; None guesses it from the layout.
        pattern: of :class:`ImageFolder`'s file names.

    Raises:
        UserError: the folder cannot be checked: it is missing, of no or of several known layouts, or its images show
            nobody.
    """
    root = Path(root)
    if not root.is_dir():
        raise UserError(f"expected the folder of a data set, and '{root}' does not exist: check the path")
    if read_header(root).get("kind") == SAMPLES:
        raise UserError(
            f"'{root}' holds images drawn from noise, which show nobody, and the check is of data sets of persons: "
            "SampledFolder refuses absent and unlisted files when it reads them"
        )
    dataset_type = dataset_type or ("ImageFolder" if pattern else guess_type(root))
    reader = DATASETS.get(dataset_type)
    if not issubclass(reader, ReIDDataset):
        raise UserError(f"'{dataset_type}' is not a reader of folders: {nearest(dataset_type, DATASETS.module_dict)}")
    if pattern is not None and dataset_type != "ImageFolder":
        raise UserError(f"a pattern belongs to ImageFolder, {dataset_type} knows its names: leave one of the two away")
    variants = [{"pattern": pattern}] if pattern else reader.variants(root)
    if not variants:
        raise UserError(f"'{root}' does not look like {dataset_type}: see docs/datasets.md for its layout")
    counts: list[PartCounts] = []
    findings: list[Finding] = []
    for options in variants:
        label = f"{options['boxes']} " if len(variants) > 1 else ""
        listings = _list_parts(reader, root, options, findings, label)
        expected = reader.expected_counts(root, **options)
        counts += [
            PartCounts(label + part, count(listing.records), expected.get(part)) for part, listing in listings.items()
        ]
        findings += [finding._replace(part=label + finding.part) for finding in _inspect(listings, root)]
    findings = [*_wrong_counts(counts), *findings]
    return DatasetReport(str(root), dataset_type, counts, findings)


def guess_type(root: Path) -> str:
    """The class name of the only reader that recognises the folder; of a class and its subclass, the subclass.

    Raises:
        UserError: none or several do.
    """
    names = recognisers(root)
    if len(names) != 1:
        known = f"it looks like {' and '.join(names)}" if names else nearest("", DATASETS.module_dict)
        raise UserError(f"cannot tell which data set lies in '{root}': say it with --type ({known})")
    return names[0]


def recognisers(root: Path) -> list[str]:
    """The class names of the readers that recognise the folder, sorted; of a class and its subclass, the subclass."""
    readers = [cls for cls in DATASETS.module_dict.values() if issubclass(cls, ReIDDataset) and cls.recognises(root)]
    return sorted(cls.__name__ for cls in readers if not any(cls in other.__mro__[1:] for other in readers))


def _list_parts(
    reader: type[ReIDDataset], root: Path, options: dict[str, Any], findings: list[Finding], label: str
) -> dict[str, Listing]:
    """The parts that can be listed; a part that cannot is a finding, unless none can."""
    listings, refusals = {}, []
    for part in PARTS if "test" in reader.splits else PARTS[:1]:
        try:
            listings[part] = reader.list_part(root, part, **options)
        except UserError as error:
            refusals.append(error)
            findings.append(Finding("layout", label + part, str(error)))
    if not listings:
        raise refusals[0]
    return listings


def _inspect(listings: dict[str, Listing], root: Path) -> list[Finding]:
    findings = []
    for part, listing in listings.items():
        for kind, sentence, files in listing.misfits():
            findings.append(Finding(kind, part, f"{len(files):,} file(s) {sentence}", _names(files, root)))
        if not listing.records:
            findings.append(Finding("empty", part, "there is no image"))
        findings += _same_bytes(part, [record.path for record in listing.records], root)
        findings += _undecodable(part, [record.path for record in listing.records], root)
    if set(listings) == set(PARTS):
        train, query, gallery = (listings[part].records for part in PARTS)
        findings += _shared_between(train, query + gallery, root)
        findings += _without_match(query, gallery, listings["query"].has_cameras, root)
    return findings


def _wrong_counts(counts: list[PartCounts]) -> list[Finding]:
    return [
        Finding(
            "counts",
            part,
            f"{found.images:,} images of {found.pids:,} identities, "
            f"expected are {expected.images:,} of {expected.pids:,}",
        )
        for part, found, expected in counts
        if expected is not None and found != expected
    ]


def _same_bytes(part: str, paths: Sequence[Path], root: Path) -> list[Finding]:
    sizes = defaultdict(list)
    for path in paths:
        sizes[path.stat().st_size].append(path)
    suspects = [path for same in sizes.values() if len(same) > 1 for path in same]  # other sizes, other bytes
    digests = defaultdict(list)
    for path in tqdm(suspects, desc=f"comparing {part}", unit=" files", disable=None):
        digests[sha256(path)].append(path)
    copies = [same for same in digests.values() if len(same) > 1]
    if not copies:
        return []
    files = sorted(path for same in copies for path in same)
    message = f"{len(files):,} files are {len(copies):,} images: the others have the same bytes"
    return [Finding("duplicate", part, message, _names(files, root))]


def _undecodable(part: str, paths: Sequence[Path], root: Path) -> list[Finding]:
    broken = undecodable(tqdm(paths, desc=f"decoding {part}", unit=" files", disable=None))
    if not broken:
        return []
    return [Finding("undecodable", part, f"{len(broken):,} file(s) are not images", _names(broken, root))]


def _shared_between(train: Sequence[Record], test: Sequence[Record], root: Path) -> list[Finding]:
    findings = []
    names = {record.path.name for record in train}
    twice = sorted(record.path for record in test if record.path.name in names)
    if twice and len(names) == len(train):  # else the names mean something within their sub-folder only
        message = f"{len(twice):,} base name(s) stand in training and test"
        findings.append(Finding("duplicate", "train and test", message, _names(twice, root)))
    pids = {record.pid for record in train if record.pid > 0}
    leaked = sorted(record.path for record in test if record.pid in pids)
    if leaked:
        shared = len(pids & {record.pid for record in test})
        message = f"{shared:,} identities stand in training and test, with {len(leaked):,} test images"
        findings.append(Finding("leak", "train and test", message, _names(leaked, root)))
    return findings


def _without_match(query: Sequence[Record], gallery: Sequence[Record], has_cameras: bool, root: Path) -> list[Finding]:
    """Queries that evaluation cannot use: nothing in the gallery counts as a hit."""
    images = Counter(record.pid for record in gallery)
    same_camera = Counter((record.pid, record.camid) for record in gallery)
    lonely = [
        record.path
        for record in query
        if images[record.pid] == (same_camera[record.pid, record.camid] if has_cameras else 0)
    ]
    if not lonely:
        return []
    where = "in another camera" if has_cameras else "in the gallery"
    message = f"{len(lonely):,} quer{'ies have' if len(lonely) > 1 else 'y has'} no match {where}"
    return [Finding("no match", "query", message, _names(lonely, root))]


def _names(paths: Iterable[Path], root: Path) -> tuple[str, ...]:
    return tuple(path.relative_to(root).as_posix() for path in paths)
