"""The addresses of the console, below `/console/`."""

from django.urls import URLPattern, path

from monolith.console import views

app_name = "console"
urlpatterns: list[URLPattern] = [
    path("", views.overview, name="overview"),
    path("map.svg", views.map_drawing, name="map"),
    path("map-narrow.svg", views.narrow_map_drawing, name="map-narrow"),
    path("modules/<slug:name>", views.module, name="module"),
]
