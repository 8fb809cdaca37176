"""The pages of the shop for people."""

from django.urls import URLPattern, path

from monolith.storefront import views

app_name = "storefront"
urlpatterns: list[URLPattern] = [path("", views.start, name="start")]
