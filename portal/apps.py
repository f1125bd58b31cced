from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from django.conf import settings

        from datasets.storage.roots import configure_roots

        configure_roots(settings.CONFIG.roots)
