"""What a module does to, or takes from, the whole process: settings that install its code, and settings it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import CodeType
from typing import Any

from django.conf import settings

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory
from infra.boundaries.findings import Finding

# What Django and rest_framework run for every request, row or process.
_INSTALLING = (
    "AUTHENTICATION_BACKENDS", "AUTH_PASSWORD_VALIDATORS", "CACHES", "CSRF_FAILURE_VIEW", "DATABASE_ROUTERS",
    "DEFAULT_EXCEPTION_REPORTER", "DEFAULT_EXCEPTION_REPORTER_FILTER", "EMAIL_BACKEND", "FILE_UPLOAD_HANDLERS",
    "FORM_RENDERER", "LOGGING", "LOGGING_CONFIG", "MESSAGE_STORAGE", "MIDDLEWARE", "PASSWORD_HASHERS", "REST_FRAMEWORK",
    "SERIALIZATION_MODULES", "SESSION_ENGINE", "SESSION_SERIALIZER", "SIGNING_BACKEND", "STORAGES", "TEMPLATES",
)  # fmt: skip


def check(territory: Territory) -> Iterator[Finding]:
    """Yield code of modules that is installed for all, and settings and permissions of others that modules use."""
    for name in _INSTALLING:
        for dotted in sorted(set(_strings(getattr(settings, name, None)))):
            owner = territory.owner_of(dotted) if "." in dotted else ""
            if territory.is_module(owner):
                yield territory.finding(
                    rules.PROCESS_WIDE,
                    owner=owner,
                    source=dotted,
                    target=f"settings.{name}",
                    detail=f"{name} installs {dotted} of {owner} for every module.",
                )
    permissions = _permissions(territory)
    for owner, name, module in territory.loaded():
        if territory.is_module(owner) and (code := _code_of(name, module)) is not None:
            yield from _reading(territory, owner, name, code, permissions)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from _strings(inner)


def _permissions(territory: Territory) -> dict[str, str]:
    """Return the owner of every permission of a module, by the name that code asks for."""
    found: dict[str, str] = {}
    for owner, model in territory.models():
        if territory.is_module(owner):
            options = model._meta
            codes = [f"{action}_{options.model_name}" for action in options.default_permissions]
            codes += [code for code, _ in options.permissions]
            found |= {f"{options.app_label}.{code}": owner for code in codes}
    return found


def _code_of(name: str, module: Any) -> CodeType | None:
    loader = getattr(module, "__loader__", None)
    try:
        code = loader.get_code(name) if loader else None
    except (ImportError, OSError, AttributeError):
        return None
    return code if isinstance(code, CodeType) else None


def _reading(
    territory: Territory, owner: str, name: str, code: CodeType, permissions: dict[str, str]
) -> Iterator[Finding]:
    others = {other.upper(): other for other in territory.manifests if other != owner}
    names = "|".join(sorted(others, key=len, reverse=True)) or "-"
    foreign = re.compile(f"(?!{owner.upper()}_)({names})_[A-Z0-9_]+")
    for function in _all_code(code):
        constants = [value for value in function.co_consts if isinstance(value, str)]
        if "settings" in function.co_names:
            for setting in sorted({*function.co_names, *constants}):
                if (match := foreign.fullmatch(setting)) and hasattr(settings, setting):
                    yield _used(
                        territory,
                        rules.ANOTHERS_SETTING,
                        owner,
                        name,
                        function,
                        f"settings.{setting}",
                        others[match[1]],
                    )
        for constant in sorted(set(constants) & permissions.keys()):
            if permissions[constant] != owner:
                yield _used(
                    territory,
                    rules.ANOTHERS_PERMISSION,
                    owner,
                    name,
                    function,
                    f"permission {constant}",
                    permissions[constant],
                )


def _used(
    territory: Territory, rule: Any, owner: str, name: str, function: CodeType, target: str, other: str
) -> Finding:
    where = name if function.co_name == "<module>" else f"{name}.{function.co_qualname}"
    return territory.finding(
        rule, owner=owner, source=where, target=target, detail=f"{where} uses {target} of {other}.", at=None
    )


def _all_code(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_code(constant)
