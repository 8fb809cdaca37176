"""The static layer: rules over source text, without settings, a database or an import of the project."""

from infra.boundaries.static.project import Project, banyan_project, mapped_project

__all__ = ["Project", "banyan_project", "mapped_project"]
