"""A page for each method, ``docs/methods/``: its file's head, its configs, commands, checkpoints and arguments.

Nothing here is kept by hand: methods come from the shelf, kinds from their base classes, the rest from their files, the
shipped configs and the cards.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from reidzoo.apis.docstring_markdown import Namer, cell, inline, linked_to, markdown, sections, source_of
from reidzoo.apis.method_configs import MethodConfigs, ShippedConfig, configs_of, plainest, shipped_configs
from reidzoo.apis.paper_methods import KINDS, Method, paper_methods
from reidzoo.base.files import write_text
from reidzoo.registry import all_shelves
from reidzoo.zoo.card_text import cards_table
from reidzoo.zoo.cards import list_cards
from reidzoo.zoo.metafiles import Card

FOLDER = Path("docs/methods")
INDEX = FOLDER / "README.md"
MARK = "<!-- written by tools/update_tables.py: change the method's file, its configs or the generator -->"
#: the guides that a page may send its reader to
GUIDES = tuple(Path(f"docs/{name}.md") for name in ("recipes", "translation", "sampling", "pose", "joint", "contexts"))
#: shelves of what a config builds a method of
PARTS = ("generators", "discriminators", "backbones", "heads", "losses")


def method_pages() -> dict[Path, str]:
    """Every page by its path, the index among them."""
    methods, shipped, cards = paper_methods(), shipped_configs(), list_cards()
    stems = {method.stem for method in methods}
    pages = {INDEX: _index(methods)}
    for method in methods:
        configs = configs_of(method.stem, set(method.names), stems, shipped)
        pages[FOLDER / f"{method.stem}.md"] = _page(method, configs, methods, cards)
    return pages


def update_method_pages() -> list[Path]:
    """Write all pages, remove those of methods that are gone; returns the files that changed."""
    pages = method_pages()
    surplus = [path for path in sorted(FOLDER.glob("*.md")) if path not in pages]
    changed = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in surplus:
        path.unlink()
    for path in changed:
        write_text(path, pages[path])
    return changed + surplus


def _index(methods: list[Method]) -> str:
    lines = [
        "# Methods",
        MARK,
        "One page a method: what its file says, which configs and checkpoints there are, and how to run it. "
        "How the methods compare stands in [model_zoo/README.md](/model_zoo/README.md).",
    ]
    for kind in reversed(KINDS):
        rows = [
            f"| [{inline(method.title)}]({method.stem}.md) | {cell(inline(method.paper))} | {_codes(method.names)} |"
            for method in methods
            if method.kind is kind
        ]
        if rows:
            lines += [
                f"## {kind.title}",
                "\n".join(["| method | paper, or idea | in a config |", "|---|---|---|", *rows]),
            ]
    return "\n\n".join(lines) + "\n"


def _page(method: Method, configs: MethodConfigs, methods: list[Method], cards: list[Card]) -> str:
    namer = linked_to(method.module, method.classes)
    blocks = [
        f"# {inline(method.title)}",
        MARK,
        f"> {inline(method.paper, namer)}",
        f"Kind: [{method.kind.title}](README.md). Type in a config: {_codes(method.names)}.",
        markdown(method.docstring, namer, skip=1),
        _files(method, configs.configs),
        _configs(configs, {name: each.stem for each in methods if each is not method for name in each.names}),
        _commands(method, configs.configs, {card.name for card in cards if card.weights}),
        _checkpoints(configs.configs, cards),
        "## Arguments",
        *(_arguments(cls, namer) for cls in method.classes),
        _see_also(method),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _files(method: Method, configs: list[ShippedConfig]) -> str:
    lines = [f"* Method: [`{method.file}`](/{method.file})"]
    above = [_link(base) for base in method.classes[0].__mro__[1:] if source_of(base)]
    if above:
        lines.append(f"* Derives from: {', '.join(above)}")
    shelves = all_shelves()
    names = dict.fromkeys(name for config in configs for name in config.types)
    for shelf in PARTS:
        classes = [shelves[shelf].module_dict[name] for name in names if name in shelves[shelf].module_dict]
        if classes:
            lines.append(f"* {shelf.capitalize()} in its configs: {', '.join(map(_link, classes))}")
    return "\n".join(["## Files", "", *lines])


def _configs(found: MethodConfigs, pages: dict[str, str]) -> str:
    parts = ["## Configs"]
    if found.folder is None:
        parts.append("No folder of its own; these configs name it.")
    for heading, on_synthped in (("At the size of the papers", False), ("On SynthPed", True)):
        rows = []
        for config in sorted(found.configs, key=lambda config: config.method in pages):  # its own ones first
            if config.on_synthped == on_synthped:
                page = pages.get(config.method)
                trains = f"[`{config.method}`]({page}.md)" if page else f"`{config.method}`"
                link = f"[{config.path.stem}](/{config.path.as_posix()})"
                rows.append(f"| {link} | {trains} | {cell(inline(config.description))} |")
        if rows:
            parts += [f"### {heading}", "\n".join(["| config | trains | what it is |", "|---|---|---|", *rows])]
    return "\n\n".join(parts) if len(parts) > 1 else ""


def _commands(method: Method, configs: list[ShippedConfig], published: set[str]) -> str:
    """Of the plainest config that trains the method; where another one learns from what it draws, of that as well."""
    first = plainest([config for config in configs if config.method in method.names], published)
    others = [config for config in configs if config.method not in method.names and _learns_from(config, first)]
    later = plainest(others, published)
    shown = [config for config in (first, later) if config] or [plainest(configs, published)]
    if shown == [None]:
        return ""
    parts = ["## Commands"]
    for config in shown:
        parts.append(f"From the head of [{config.path.stem}](/{config.path.as_posix()}):")
        commands = [f"# {label}\n{command}" for label, command in config.commands]
        parts.append("\n".join(["```bash", *commands, "```"]))
    return "\n\n".join(parts)


def _learns_from(config: ShippedConfig, generator: ShippedConfig | None) -> bool:
    return generator is not None and any(generator.path.as_posix() in command for _, command in config.commands)


def _checkpoints(configs: list[ShippedConfig], cards: list[Card]) -> str:
    paths = {config.path.as_posix() for config in configs}
    cards = [card for card in cards if card.config in paths and card.weights is not None]
    if not cards:
        return "## Checkpoints\n\nNone is published."
    how = "`reidzoo info NAME` tells all that is known of one; `zoo://NAME` stands wherever weights are read."
    return f"## Checkpoints\n\n{how}\n\n{cards_table(cards).strip()}"


def _arguments(cls: type, namer: Namer) -> str:
    head, found = sections(cls.__doc__)
    texts: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        texts |= sections(base.__doc__)[1].get("Args", {})
    rows = [
        f"| `{name}` | {_default(parameter)} | {cell(inline(texts.get(name, ''), namer))} |"
        for name, parameter in inspect.signature(cls).parameters.items()
    ]
    parts = [f"### `{cls.__name__}`", markdown(head, namer)]
    parts.append("\n".join(["| argument | default | what it is |", "|---|---|---|", *rows]) if rows else "It has none.")
    for section in ("Attributes", "Raises"):
        entries = [f"* `{name}`: {inline(text, namer)}" for name, text in found.get(section, {}).items()]
        parts += [f"{section}:", "\n".join(entries)] if entries else []
    return "\n\n".join(parts)


def _default(parameter: inspect.Parameter) -> str:
    value: Any = parameter.default
    if value is parameter.empty:
        return "needed"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _see_also(method: Method) -> str:
    names = [f"methods/{method.stem}.py", *(f"`{name}`" for name in method.names)]
    lines = []
    for guide in GUIDES:
        text = guide.read_text(encoding="utf-8")
        if any(name in text for name in names):
            title = text.splitlines()[0].removeprefix("# ")
            lines.append(f"* [{title}](/{guide.as_posix()})")
    lines.append("* [What was measured](/model_zoo/README.md), with the papers' claims judged")
    return "\n".join(["## See also", "", *lines])


def _codes(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _link(cls: type) -> str:
    return f"[`{cls.__name__}`](/{source_of(cls)})"
