"""Addresses below ``/api/v1/`` that send data."""

from django.urls import URLPattern

app_name = "serving"

urlpatterns: list[URLPattern] = []
