"""import-linter as the engine: the contracts that follow from manifests, and our own type, judged over the project's graph."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from grimp import ImportGraph
from importlinter import api as _configured  # noqa: F401 importing it is what configures import-linter
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract

from infra.boundaries.generation import imports as generated
from infra.boundaries.static.graph import import_graph
from infra.boundaries.static.interface_contract import Edge, PublicInterface
from infra.boundaries.static.project import SEEN_FROM_ABOVE, Project

Options = dict[str, Any]
Chain = Sequence[Edge]


class Engine:
    """Judges a project's imports, each contract over its own copy of the graph."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._graph = import_graph(project)
        self._session: Options = {
            "root_packages": sorted({name.partition(".")[0] for name in project.sources}),
            "include_external_packages": "True",
        }
        self._contracts = {contract["name"]: contract for contract in _generated(project)}

    def not_public(self) -> list[Edge]:
        """Return the imports of what is not public, between modules and from the composition root."""
        modules = self._project.modules.values()
        options = {
            "modules": [f"{module.name} = {' '.join(module.prefixes)}" for module in modules],
            "public": [name for module in modules for name in module.public],
            "roots": [*self._project.above],
            "public_to_roots": [
                f"{prefix}.{name}" for module in modules for prefix in module.prefixes for name in SEEN_FROM_ABOVE
            ],
        }
        contract = PublicInterface("public interface", self._session, options)
        return list(contract.check(self._graph, verbose=False).metadata["imports"])

    def upwards(self) -> Iterator[Chain]:
        """Yield imports from a lower layer to a higher one, as the generated contract orders them."""
        yield from self._layers(generated.LAYERS)

    def undeclared(self, module: str) -> Iterator[Chain]:
        """Yield imports of public files that a module's manifest does not name."""
        yield from self._forbidden(generated.declared(module))

    def against_the_order_inside(self) -> Iterator[Chain]:
        """Yield imports against the order of a module's files."""
        yield from self._layers(generated.INSIDE)

    def strays(self) -> list[str]:
        """Return files of modules that the order inside gives no place."""
        check = self._check(generated.INSIDE)
        return sorted(str(name) for name in check["undeclared_modules"]) if check else []

    def not_plain(self) -> Iterator[Chain]:
        """Yield chains of imports that lead from a contract, an event or a manifest to a framework."""
        yield from self._forbidden(generated.PLAIN)

    def _layers(self, name: str) -> Iterator[Chain]:
        for dependency in (self._check(name) or {}).get("invalid_dependencies", ()):
            for route in dependency["routes"]:
                chain = route["chain"]
                yield chain
                # What else begins or ends the same chain is folded into it.
                for first in route["extra_firsts"]:
                    yield [first, *chain[1:]]
                if len(chain) > 1 or not route["extra_firsts"]:
                    for last in route["extra_lasts"]:
                        yield [*chain[:-1], last]

    def _forbidden(self, name: str) -> Iterator[Chain]:
        for pair in (self._check(name) or {}).get("invalid_chains", ()):
            yield from pair["chains"]

    def _check(self, name: str) -> Mapping[str, Any] | None:
        if name not in self._contracts:
            return None
        options = dict(self._contracts[name])
        kind = LayersContract if options["type"] == "layers" else ForbiddenContract
        fitted = _fitted(options, self._graph)
        return (
            kind(name, self._session, fitted).check(deepcopy(self._graph), verbose=False).metadata if fitted else None
        )


def _generated(project: Project) -> list[Options]:
    """Return import-linter's contracts as the manifests make them now, not as some file says."""
    if project.house is None:
        return []
    manifests = [module.manifest for module in project.modules.values() if module.manifest]
    text = "\n".join(generated.written(manifests, project.house))
    return list(tomllib.loads(text)["tool"]["importlinter"]["contracts"])


def _fitted(options: Options, graph: ImportGraph) -> Options | None:
    """Return a contract's options without what this project does not have: import-linter takes that for a mistake.

    `make check` runs the generated file itself, where it is one.
    """
    there = graph.modules
    own = {name.partition(".")[0] for name in there if "." in name}

    def is_there(name: str, is_outside_allowed: bool = False) -> bool:
        if "*" in name:
            return bool(graph.find_matching_modules(name))
        return name in there or (is_outside_allowed and name.partition(".")[0] not in own)

    # Its readers of files turn these into texts, and its fields rely on it.
    fitted = {name: str(value) if isinstance(value, bool) else value for name, value in options.items()}
    for name in ("source_modules", "forbidden_modules", "containers"):
        if name in fitted:
            fitted[name] = [module for module in fitted[name] if is_there(module, name == "forbidden_modules")]
            if not fitted[name]:
                return None
    if "layers" in fitted and "containers" not in fitted:
        layers = [[part for part in layer.split(" : ") if is_there(part)] for layer in fitted["layers"]]
        fitted["layers"] = [" : ".join(layer) for layer in layers if layer]
    return fitted
