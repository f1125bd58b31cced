from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from django.conf import settings

        from datasets.storage.block_cache import configure_block_cache
        from datasets.storage.roots import configure_roots
        from datasets.volumes.compiled import keep_kernels_in

        configure_roots(settings.CONFIG.roots)
        configure_block_cache(settings.CONFIG.block_cache_bytes)
        keep_kernels_in(settings.CONFIG.home / "kernels")
