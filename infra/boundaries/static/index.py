"""What a project's sources define by name, and which module each belongs to: the other end of every leak that is no import."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from infra.boundaries.static.project import Project
from infra.boundaries.static.source import Source
from infra.boundaries.static.text import Texts, argument, called

RELATIONS = (
    "ForeignKey",
    "OneToOneField",
    "ManyToManyField",
    "ParentalKey",
    "ParentalManyToManyField",
    "TreeForeignKey",
)
TASK_DECORATORS = ("task", "shared_task", "periodic_task", "periodic")
_CREATED = re.compile(
    r"\bcreate\s+(?:unlogged\s+|materialized\s+|or\s+replace\s+)*(?:table|view|sequence)\s+(?:if\s+not\s+exists\s+)?"
    r"(?:[\"\w]+\.)?\"?(\w+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A field of a model that points at another model."""

    field: str
    kind: str
    target: str  # as written: "stock.Item", "self", or a dotted name; empty where it is computed
    node: ast.Call
    reverse: str  # the accessor's name on the other side; empty where there is none
    reverse_query: str


@dataclass(slots=True)
class Model:
    """A class that looks like a Django model."""

    label: str  # of its app
    name: str
    module: str
    source: Source
    node: ast.ClassDef
    bases: tuple[str, ...]  # dotted
    table: str
    explicit_table: bool
    abstract: bool
    managed: bool
    relations: list[Relation] = field(default_factory=list)
    fields: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[str, str]:
        return self.label.lower(), self.name.lower()


@dataclass(slots=True)
class Index:
    """Names by what they are, with the module that each belongs to; what belongs to none of the modules is left out."""

    texts: Texts
    labels: dict[str, str] = field(default_factory=dict)  # app label
    models: dict[tuple[str, str], Model] = field(
        default_factory=dict
    )  # (label, class) in small letters, and all of them
    models_by_path: dict[str, Model] = field(default_factory=dict)  # by dotted name
    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[str, set[str]] = field(default_factory=dict)  # by module, the fields of its models
    tasks: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    namespaces: dict[str, str] = field(default_factory=dict)  # of URLs
    addresses: dict[str, set[str]] = field(default_factory=dict)  # names of URLs without a namespace
    prefixes: dict[str, str] = field(default_factory=dict)  # paths that a module serves
    templates: dict[str, str] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)  # of template tags
    static_files: dict[str, str] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)
    signals: dict[str, str] = field(default_factory=dict)  # dotted names
    user_model: str = ""  # AUTH_USER_MODEL, where a settings file says it

    def owner_of_model(self, name: str) -> str:
        """Return the module of "label.Model", in any spelling; of an unknown model in a known app, the app's."""
        label, _, model = name.partition(".")
        known = self.models.get((label.lower(), model.lower()))
        return known.module if known else self.labels.get(label, "")


def index_of(project: Project) -> Index:
    """Index a project."""
    index = Index(texts=Texts(project.sources))
    apps = _apps(project, index)
    for source in project.sources.values():
        module = project.module_of(source.name)
        if module and project.is_test(source.name):
            continue
        _user_model(source, index)
        _addresses(source, module, index)
        if not module:
            continue
        _tasks(project, source, module, index)
        _files(source, module, index)
        for name, value in source.constants.items():
            if isinstance(value, ast.Call) and called(value) in ("Signal", "ModelSignal"):
                index.signals[f"{source.name}.{name}"] = module
    _models(project, apps, index)
    _tables(project, index)
    for template in project.templates:
        if owner := project.module_of(template.package):
            index.templates.setdefault(template.name, owner)
    for name, package in project.static_files.items():
        if owner := project.module_of(package):
            index.static_files.setdefault(name, owner)
    for owned in project.modules.values():
        if manifest := owned.manifest:
            index.queues |= dict.fromkeys(manifest.queues, owned.name)
            index.prefixes |= dict.fromkeys(manifest.url_prefixes, owned.name)
            index.tasks |= {f"{owned.name}.{task}": owned.name for task in manifest.tasks}
    return index


def _apps(project: Project, index: Index) -> dict[str, str]:
    """Return app labels by their packages, as app configurations give them; and note whose each label is."""
    labels: dict[str, str] = {}
    for source in project.sources.values():
        for node, _ in source.classes:
            values = class_values(node)
            name = index.texts.whole(source, values.get("name"))
            if name is None or not any(called_base(base).endswith("Config") for base in node.bases):
                continue
            label = index.texts.whole(source, values.get("label")) or name.rpartition(".")[2]
            labels[name] = label
            module = project.module_of(name)
            if module and (namespace := index.texts.whole(source, values.get("namespace"))):
                index.namespaces.setdefault(namespace, module)
    for owned in project.modules.values():
        for prefix in owned.prefixes:
            if not any(name == prefix or name.startswith(f"{prefix}.") for name in labels):
                labels.setdefault(prefix, prefix.rpartition(".")[2])
    for package, label in labels.items():
        if owner := project.module_of(package):
            index.labels.setdefault(label, owner)
    return labels


def _label(source: Source, apps: Mapping[str, str]) -> str:
    package = source.name
    while package:
        if package in apps:
            return apps[package]
        package = package.rpartition(".")[0]
    parts = source.name.split(".")
    return next((parts[place - 1] for place, part in enumerate(parts) if part == "models" and place), parts[0])


def class_values(node: ast.ClassDef) -> dict[str, ast.expr]:
    """Return what a class's body gives to names."""
    values: dict[str, ast.expr] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            if isinstance(target := statement.targets[0], ast.Name):
                values[target.id] = statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            values[statement.target.id] = statement.value
    return values


def called_base(node: ast.expr) -> str:
    """Return the last name of a base class, without what it is subscripted with."""
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _models(project: Project, apps: Mapping[str, str], index: Index) -> None:
    candidates: dict[str, Model] = {}
    certain: set[str] = set()
    for source in project.sources.values():
        if "migrations" in source.name.split("."):
            continue
        for node, scope in source.classes:
            if scope.function is not None or not node.bases:
                continue
            path = f"{source.name}.{scope.name + '.' if scope.name else ''}{node.name}"
            bases = tuple(_base(source, base) for base in node.bases)
            candidates[path] = _model(project, source, node, bases, apps, index)
            if any(_is_model_of_django(base) for base in bases):
                certain.add(path)
    grown = True
    while grown:  # who inherits from a model is one
        more = {path for path, model in candidates.items() if path not in certain and certain & {*model.bases}}
        certain |= more
        grown = bool(more)
    for path in sorted(certain):
        model = candidates[path]
        if not model.abstract and any(candidates[base].abstract for base in model.bases if base in candidates):
            model.relations += [
                relation for base in model.bases if base in candidates for relation in candidates[base].relations
            ]
        index.models_by_path[path] = model
        if model.module:
            index.columns.setdefault(model.module, set()).update(model.fields)
        if model.module and not model.abstract:
            index.models.setdefault(model.key, model)


def _base(source: Source, base: ast.expr) -> str:
    if isinstance(base, ast.Subscript):
        base = base.value
    return source.dotted(base) or (f"{source.name}.{base.id}" if isinstance(base, ast.Name) else "")


def _is_model_of_django(base: str) -> bool:
    first, _, last = base.partition(".")[0], "", base.rpartition(".")[2]
    return last == "Model" or (
        first == "django" and last in ("AbstractUser", "AbstractBaseUser", "AbstractBaseSession")
    )


def _model(
    project: Project,
    source: Source,
    node: ast.ClassDef,
    bases: tuple[str, ...],
    apps: Mapping[str, str],
    index: Index,
) -> Model:
    meta: dict[str, ast.expr] = {}
    for statement in node.body:
        if isinstance(statement, ast.ClassDef) and statement.name == "Meta":
            meta = class_values(statement)
    whole = index.texts.whole
    label = whole(source, meta.get("app_label")) or _label(source, apps)
    table = whole(source, meta.get("db_table"))
    values = class_values(node)
    return Model(
        label=label,
        name=node.name,
        module=project.module_of(source.name),
        source=source,
        node=node,
        bases=bases,
        table=(table or f"{label}_{node.name}".lower()).replace('"', "").rpartition(".")[2],
        explicit_table=table is not None,
        abstract=_is(meta.get("abstract"), True),
        managed=not _is(meta.get("managed"), False),
        relations=list(_relations(source, node, values, index)),
        fields=frozenset(values),
    )


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _relations(source: Source, node: ast.ClassDef, values: Mapping[str, ast.expr], index: Index) -> Iterator[Relation]:
    for name, value in values.items():
        if not (isinstance(value, ast.Call) and called(value) in RELATIONS):
            continue
        to = argument(value, 0, "to")
        target = index.texts.whole(source, to) or (source.dotted(to) if to is not None else "")
        if not target and isinstance(to, ast.Name):
            target = f"{source.name}.{to.id}"
        related = index.texts.whole(source, argument(value, None, "related_name"))
        query = index.texts.whole(source, argument(value, None, "related_query_name"))
        plain = node.name.lower() if called(value) == "OneToOneField" else f"{node.name.lower()}_set"
        hidden = related is not None and related.endswith("+")
        yield Relation(
            field=name,
            kind=called(value),
            target=target,
            node=value,
            reverse="" if hidden else related or plain,
            reverse_query="" if hidden else query or related or node.name.lower(),
        )


def _tables(project: Project, index: Index) -> None:
    # What manifests claim comes first, then tables under their usual names, then those that a model names itself.
    for module in project.modules.values():
        if module.manifest:
            index.tables |= dict.fromkeys(module.manifest.tables, module.name)
    models = sorted(index.models.values(), key=lambda model: (not model.managed, model.explicit_table))
    for model in models:
        index.tables.setdefault(model.table, model.module)
        for relation in model.relations:
            if "ManyToMany" in relation.kind:
                index.tables.setdefault(f"{model.table}_{relation.field}".lower(), model.module)
    for source in project.sources.values():
        if "migrations" not in source.name.split(".") or not (module_name := project.module_of(source.name)):
            continue
        for node, _ in source.strings:
            for table in _CREATED.findall(index.texts.known(source, node)):
                index.tables.setdefault(table.lower(), module_name)
    for script in project.sql:
        if owner := project.module_of(script.package):
            for table in _CREATED.findall(script.text):
                index.tables.setdefault(table.lower(), owner)


def _tasks(project: Project, source: Source, module: str, index: Index) -> None:
    for function, _ in source.functions:
        for decorator in function.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            maker = called(call) if call else called_base(decorator)
            if maker not in TASK_DECORATORS:
                continue
            name = index.texts.whole(source, argument(call, None, "name")) if call else None
            plain = f"{module}.{function.name}" if maker == "periodic" else f"{source.name}.{function.name}"
            index.tasks.setdefault(name or plain, module)
    for node, _ in source.classes:
        if any(called_base(base) == "Task" for base in node.bases):
            name = index.texts.whole(source, class_values(node).get("name"))
            index.tasks.setdefault(name or f"{source.name}.{node.name}", module)


def _addresses(source: Source, module: str, index: Index) -> None:
    """Note what a file of addresses names; one that a composition root names, too, is nobody's."""
    namespace = index.texts.whole(source, source.constants.get("app_name"))
    if namespace and module:
        index.namespaces.setdefault(namespace, module)
    for call, _ in source.calls:
        name = called(call)
        if name in ("path", "re_path", "url") and not namespace:
            if address := index.texts.whole(source, argument(call, 3 if name == "url" else None, "name")):
                index.addresses.setdefault(address, set()).add(module)
        elif module and name == "include" and (inner := index.texts.whole(source, argument(call, 1, "namespace"))):
            index.namespaces.setdefault(inner, module)


def _files(source: Source, module: str, index: Index) -> None:
    parts = source.name.split(".")
    if len(parts) > 2 and parts[-2] == "templatetags":
        index.libraries.setdefault(parts[-1], module)
    if len(parts) > 3 and parts[-3:-1] == ["management", "commands"]:
        index.commands.setdefault(parts[-1], module)


def _user_model(source: Source, index: Index) -> None:
    if "AUTH_USER_MODEL" in source.constants:
        index.user_model = index.texts.whole(source, source.constants["AUTH_USER_MODEL"]) or index.user_model
