"""The static layer: rules over source text, without settings, a database or an import of the project."""

from infra.boundaries.static.crossings import Crossing
from infra.boundaries.static.looking import check, crossings
from infra.boundaries.static.project import Project, banyan_project, mapped_project

__all__ = ["Crossing", "Project", "banyan_project", "check", "crossings", "mapped_project"]
