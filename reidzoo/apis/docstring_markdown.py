"""Docstrings as Markdown: what a method's file says at its head, for people who read it on a page."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from importlib import import_module
from textwrap import dedent

#: gives the Markdown of what a role such as ``:class:`` names: a link where it knows one
Namer = Callable[[str], str]
INLINE = re.compile(r"``(?P<literal>.+?)``|:[a-z]+:`(?P<role>[^`]+)`")
ITEM = re.compile(r"(\*|\d+\.) ")
SECTION = re.compile(r"(Args|Attributes|Raises|Returns):")
ENTRY = re.compile(r"    (?P<names>\w[\w, ]*): (?P<text>.*)")
#: words with one blank between them
CELL = re.compile(r"\S+(?: \S+)*")
#: what Markdown would take for emphasis or a tag: underscores at the edge of a word, a single star, an angle
MARKUP = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<!\*)\*(?!\*)|(?<=\])\(")


def as_code(name: str) -> str:
    """The plainest :data:`Namer`: a name as code, of an address from the package's top its last part."""
    return f"`{name.rpartition('.')[2] if name.startswith('reidzoo.') else name}`"


def paragraphs(text: str) -> list[list[str]]:
    """The blocks of lines that empty lines part; ``text`` is indented only where it means it."""
    return [block.splitlines() for block in re.split(r"\n(?:[ \t]*\n)+", text.strip("\n")) if block.strip()]


def markdown(text: str, namer: Namer = as_code, skip: int = 0) -> str:
    """A docstring as Markdown, without its first ``skip`` paragraphs.

    Paragraphs become one line each, lists stay lists, what is indented becomes a table where its lines have columns
    (two blanks or more between them; the first line names them) and a block of code where they have none.
    """
    return "\n\n".join(_block(lines, namer) for lines in paragraphs(text)[skip:])


def inline(text: str, namer: Namer = as_code) -> str:
    """One line of a docstring: literals and roles as code, and what Markdown would misread escaped."""
    done, end = [], 0
    for match in INLINE.finditer(text):
        done.append(_escaped(text[end : match.start()]))
        done.append(f"`{match['literal']}`" if match["literal"] else namer(match["role"].lstrip("~")))
        end = match.end()
    return "".join([*done, _escaped(text[end:])])


def cell(text: str) -> str:
    """Markdown for the cell of a table, which a bar would end."""
    return text.replace("|", "\\|")


def sections(text: str | None) -> tuple[str, dict[str, dict[str, str]]]:
    """A class's docstring without its sections, and the entries of each section (``Args``) by their names."""
    head: list[str] = []
    found: dict[str, dict[str, str]] = {}
    entries, names = None, None
    for line in inspect.cleandoc(text or "").splitlines():
        opened = SECTION.fullmatch(line)
        if opened:
            entries, names = found.setdefault(opened[1], {}), None
        elif entries is None or (line and not line.startswith(" ")):
            entries = None
            head.append(line)
        elif entry := ENTRY.fullmatch(line):
            names = entry["names"]
            entries[names] = entry["text"]
        elif names is not None and line.strip():
            entries[names] += f" {line.strip()}"
    return "\n".join(head).strip(), found


def linked_to(module_name: str, classes: list[type]) -> Namer:
    """A namer that links what a module's docstrings name to the file where it is written.

    Args:
        module_name: whose imports say what a short name is.
        classes: their bases are known by name as well.
    """
    known = {base.__name__: base for cls in reversed(classes) for base in reversed(cls.__mro__)}
    known |= vars(import_module(module_name))

    def namer(name: str) -> str:
        file = _file_of(name) if name.startswith("reidzoo.") else source_of(known.get(name.split(".")[0]))
        return f"[{as_code(name)}](/{file})" if file else as_code(name)

    return namer


def source_of(thing: object) -> str | None:
    """The file of a class or function of this package, as a path from the repository; None of anything else."""
    module = getattr(thing, "__module__", None) or ""
    return f"{module.replace('.', '/')}.py" if module.startswith("reidzoo.") else None


def _file_of(name: str) -> str | None:
    """The file of a dotted name: of a module, or of what a module or a package has."""
    try:
        return f"{import_module(name).__name__.replace('.', '/')}.py"
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return source_of(getattr(import_module(module), attribute, None))


def _block(lines: list[str], namer: Namer) -> str:
    if all(line.startswith("    ") for line in lines):
        return _map(dedent("\n".join(lines)).splitlines(), namer)
    if ITEM.match(lines[0]):
        return _list(lines, namer)
    return inline(" ".join(line.strip() for line in lines), namer)


def _list(lines: list[str], namer: Namer) -> str:
    items: list[str] = []
    for line in lines:
        if ITEM.match(line):
            items.append(line)
        else:
            items[-1] += f" {line.strip()}"
    marks = [ITEM.match(item)[0] for item in items]
    return "\n".join(mark + inline(item.removeprefix(mark), namer) for mark, item in zip(marks, items, strict=True))


def _map(lines: list[str], namer: Namer) -> str:
    """A table of lines whose cells stand below those of the first; a line that leaves the first cell empty goes on."""
    starts = [found.start() for found in CELL.finditer(lines[0])]
    if len(starts) < 2:
        return "\n".join(["```text", *lines, "```"])
    rows: list[list[str]] = []
    for line in lines:
        cells = [""] * len(starts)
        for found in CELL.finditer(line):
            column = max(index for index, start in enumerate(starts) if start <= found.start())
            cells[column] = f"{cells[column]} {found[0]}".strip()
        if cells[0]:
            rows.append(cells)
        else:
            rows[-1] = [f"{above} {below}".strip() for above, below in zip(rows[-1], cells, strict=True)]
    texts = [f"| {' | '.join(cell(inline(each, namer)) for each in row)} |" for row in rows]
    return "\n".join([texts[0], f"|{'---|' * len(starts)}", *texts[1:]])


def _escaped(text: str) -> str:
    return MARKUP.sub(lambda match: f"\\{match[0]}", text).replace("<", "&lt;")
