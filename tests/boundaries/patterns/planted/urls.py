"""The addresses of the planted module, as a project's URLconf."""

from django.urls import path

from tests.boundaries.patterns.planted.http import views

urlpatterns = [
    path("api/v1/planted/purchases", views.Purchases.as_view()),
    path("api/v1/planted/safe-purchases", views.SafePurchases.as_view()),
    path("api/v1/planted/refunds", views.Refunds.as_view()),
    path("api/v1/planted/wishes", views.Wishes.as_view()),
    path("planted/bare", views.Bare.as_view()),
    path(".well-known/planted.json", views.well_known),
]
