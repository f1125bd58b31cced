from django.apps import AppConfig


class ProcessingConfig(AppConfig):
    name = "datasets.processing"
    label = "processing"

    def ready(self) -> None:
        from datasets.processing.recipes import register_own

        register_own()
