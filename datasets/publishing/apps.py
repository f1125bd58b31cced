from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "datasets.publishing"
    label = "publishing"
