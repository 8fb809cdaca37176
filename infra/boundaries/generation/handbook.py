"""The page for people: which modules there are, who asks and hears whom, and each manifest as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.boundaries.manifest import Manifest
from infra.boundaries.map import mermaid, svg
from infra.boundaries.map.model import drawn


def pictures(manifests: Sequence[Manifest], head: str) -> dict[str, str]:
    """Return the map as SVG by file name: for a page, and for a telephone."""
    shop = drawn(manifests)
    return {"map.svg": svg.written(shop, head=head), "map-narrow.svg": svg.written(shop, narrow=True, head=head)}


def written(manifests: Sequence[Manifest], folder: str) -> Iterator[str]:
    """Yield the lines of MAP.md; its pictures are in `folder`."""
    yield from (
        "# The modules",
        "",
        "Written from each module's `manifest.py`. `python manage.py modules` draws the same beside what a running shop does.",
        "",
        "| module | what it is for | owner | asks | hears |",
        "|---|---|---|---|---|",
    )
    for manifest in manifests:
        heard = sorted({name.partition(".")[0] for name in manifest.hears})
        yield (
            f"| [{manifest.name}](#{manifest.name}) | {manifest.purpose} | {_plain(manifest.owner)} "
            f"| {', '.join(manifest.asked_modules) or 'nobody'} | {', '.join(heard) or 'nobody'} |"
        )
    yield from (
        "",
        "<picture>",
        f'<source media="(max-width: 640px)" srcset="{folder}/map-narrow.svg">',
        f'<img src="{folder}/map.svg" alt="Modules as boxes; solid arrows from who asks to who answers, dashed ones from who'
        ' publishes to who hears. The tables below say the same.">',
        "</picture>",
    )
    yield from ("", "<details><summary>The same as Mermaid, to copy into other pages</summary>", "")
    yield from ("```mermaid", *mermaid.written(drawn(manifests)), "```", "", "</details>")
    for manifest in manifests:
        yield from _module(manifest, manifests)


def _module(manifest: Manifest, manifests: Sequence[Manifest]) -> Iterator[str]:
    yield from ("", f"## {manifest.name}", "", manifest.purpose, "", "| | |", "|---|---|")
    yield f"| owner | {_plain(manifest.owner)} |"
    for contract in manifest.offers:
        askers = [asker.name for asker in manifests if contract in asker.asks]
        yield f"| offers | `{contract}`, asked by {', '.join(askers) or 'no module'} |"
    yield f"| asks | {_listed(manifest.asks)} |"
    for event in manifest.publishes:
        hearers = [hearer.name for hearer in manifests if event in hearer.hears]
        yield f"| publishes | `{event}`, heard by {', '.join(hearers) or 'nobody'} |"
    yield f"| hears | {_listed(manifest.hears)} |"
    yield f"| periodic tasks | {_listed(manifest.tasks)} |"
    yield f"| queues | {_listed(manifest.queues)} |"
    yield f"| addresses | {_listed(manifest.url_prefixes)} |"
    yield f"| schema | `{manifest.schema}` |"
    yield f"| tables | {_listed(manifest.tables)} |"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _plain(owner: str) -> str:
    # Markdown takes <name@example.com> for a tag.
    return owner.replace("<", "(").replace(">", ")")
