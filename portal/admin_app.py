from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """Django's administration with the portal's own site, which has no sign-in of its own."""

    default_site = "portal.admin_site.PortalAdmin"
