"""The addresses of the console, below `/console/`."""

from django.urls import URLPattern, path

from monolith.console import views
from monolith.console.extraction import views as extraction

app_name = "console"
urlpatterns: list[URLPattern] = [
    path("", views.overview, name="overview"),
    path("map.svg", views.map_drawing, name="map"),
    path("map-narrow.svg", views.narrow_map_drawing, name="map-narrow"),
    path("modules/<slug:name>", views.module, name="module"),
    path("extraction/", extraction.overview, name="extraction"),
    path("extraction.json", extraction.overview_json, name="extraction-json"),
    path("extraction/<slug:name>", extraction.module, name="extraction-module"),
    path("extraction/<slug:name>.json", extraction.module_json, name="extraction-module-json"),
]
