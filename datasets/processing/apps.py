from django.apps import AppConfig


class ProcessingConfig(AppConfig):
    name = "datasets.processing"
    label = "processing"
