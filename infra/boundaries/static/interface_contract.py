"""Our own type of import-linter's contracts: other modules use a module by its public files only.

A project that runs import-linter by itself names it in its configuration:

    [tool.importlinter]
    contract_types = ["public_interface: infra.boundaries.static.interface_contract.PublicInterface"]

    [[tool.importlinter.contracts]]
    name = "Modules meet at their public files"
    type = "public_interface"
    modules = ["sales = shop.sales shop.offers", "stock = shop.stock"]
    public = ["shop.sales.contract", "shop.stock.contract"]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

from infra.boundaries.static.source import ancestors


class Edge(TypedDict):
    """A direct import, with the lines that make it."""

    importer: str
    imported: str
    line_numbers: tuple[int, ...]


class PublicInterface(Contract):
    """What belongs to a module may be imported from outside at its public names only, directly, lazily or for types.

    Options:
        modules: each "name = package package ..."; the longest fitting package decides.
        public: dotted names that everybody may import, with all below them.
        roots, public_to_roots: packages that may import these names besides.
    """

    type_name = "public_interface"

    modules = fields.ListField(subfield=fields.StringField())
    public = fields.ListField(subfield=fields.StringField(), required=False, default=())
    roots = fields.ListField(subfield=fields.StringField(), required=False, default=())
    public_to_roots = fields.ListField(subfield=fields.StringField(), required=False, default=())
    broken_contract_guidance = fields.StringField(required=False, default="Ask its contract, or hear its events.")

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        owners = _owners(self.modules)  # type: ignore[arg-type]
        public, to_roots = {*self.public}, {*self.public_to_roots}  # type: ignore[misc]
        roots = {*self.roots}  # type: ignore[misc]
        broken: list[Edge] = []
        for imported in sorted(graph.modules):
            owner = _found(imported, owners)
            if not owner or not public.isdisjoint(ancestors(imported)):
                continue
            for importer in sorted(graph.find_modules_that_directly_import(imported)):
                asker = _found(importer, owners)
                is_root = not asker and not roots.isdisjoint(ancestors(importer))
                if asker == owner or not (asker or is_root):
                    continue
                if is_root and not to_roots.isdisjoint(ancestors(imported)):
                    continue
                details = graph.get_import_details(importer=importer, imported=imported)
                lines = tuple(sorted({detail["line_number"] for detail in details}))
                broken.append({"importer": importer, "imported": imported, "line_numbers": lines})
        return ContractCheck(kept=not broken, metadata={"imports": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for edge in check.metadata["imports"]:
            lines = ", ".join(f"l.{line}" for line in edge["line_numbers"])
            output.print_error(f"{edge['importer']} imports {edge['imported']} ({lines}), which is not public.")
        output.print_error(str(self.broken_contract_guidance))


def _owners(modules: list[str]) -> dict[str, str]:
    owners: dict[str, str] = {}
    for module in modules:
        name, _, packages = module.partition("=")
        owners |= dict.fromkeys(packages.split() or [name.strip()], name.strip())
    return owners


def _found(name: str, owners: Mapping[str, str]) -> str:
    return next((owners[prefix] for prefix in ancestors(name) if prefix in owners), "")
