from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "datasets.publishing"
    label = "publishing"

    def ready(self) -> None:
        from datasets.processing.recipes import register
        from datasets.publishing.recipes import THUMBNAILS

        register(THUMBNAILS)
