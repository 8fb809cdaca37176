"""A URL configuration without the contract server."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
