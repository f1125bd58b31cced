"""The catalogue in the administration.

It changes who belongs where and what a dataset *is* (visibility, contact, organization). What a version *says* comes
from its specification and is only looked at here, drafts included: so no form can meet a frozen version's triggers, and
nothing is mounted by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.actions.revision import bump_revision
from datasets.catalogue.actions.tokens import revoke_api_token, revoke_share_token
from datasets.catalogue.actions.withdrawal import set_visibility
from datasets.catalogue.models import (
    Acquisition,
    ApiToken,
    AuditEvent,
    Contribution,
    Coverage,
    Dataset,
    DatasetVersion,
    Membership,
    Mount,
    OrganelleClass,
    Organization,
    Person,
    Publication,
    RevisionStamp,
    Segmentation,
    Selection,
    ShareToken,
    Specimen,
    StateLink,
    UsageDaily,
    View,
    Volume,
)

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Any]
    Rows = admin.TabularInline[Any, Any]
else:  # generic for the type checker alone
    Page, Rows = admin.ModelAdmin, admin.TabularInline


class ReadOnly(Page):
    """Looked at, not changed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Audited(Page):
    """Changed here; each change is written down and reaches every server process."""

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, obj, form, change)
        names = [name for name in form.changed_data if name in form.fields and name in _tellable(obj)]
        before = {name: _plain(form.initial.get(name)) for name in names} if change else {}
        after = {name: _plain(form.cleaned_data.get(name)) for name in names}
        self._record(request, "change" if change else "add", obj, before, after)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for membership in formset.deleted_forms:
            self._record(request, "delete", membership.instance)
        super().save_formset(request, form, formset, change)
        for deed, objects in (("add", formset.new_objects), ("change", [obj for obj, _ in formset.changed_objects])):
            for obj in objects:
                self._record(request, deed, obj)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self._record(request, "delete", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            self._record(request, "delete", obj)
        super().delete_queryset(request, queryset)

    def _record(
        self, request: HttpRequest, deed: str, obj: Model, before: dict[str, Any] | None = None, after: Any = None
    ) -> None:
        action = f"{obj._meta.model_name}.{deed}"
        record_event(by=_by(request), action=action, subject=str(obj)[:200], before=before, after=after)
        bump_revision()


def _by(request: HttpRequest) -> AbstractBaseUser:
    assert request.user.is_authenticated, "nobody else comes here"
    return request.user


def _tellable(obj: Model) -> set[str]:
    """The fields whose values may be written down."""
    return {field.name for field in obj._meta.concrete_fields} - {"password"}


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | None) else str(value)


class DatasetMembers(Rows):
    model = Membership
    extra = 0
    fields = ["user", "role"]
    autocomplete_fields = ["user"]


class OrganizationMembers(Rows):
    model = Membership
    extra = 0
    fields = ["user", "role"]
    autocomplete_fields = ["user"]


class MembershipsOfUser(Rows):
    """For the page of an account, which belongs to the portal."""

    model = Membership
    extra = 0
    fields = ["role", "dataset", "organization"]
    autocomplete_fields = ["dataset", "organization"]


class Versions(Rows):
    model = DatasetVersion
    fk_name = "dataset"
    fields = ["number", "state", "title", "frozen_at"]
    readonly_fields = ["number", "state", "title", "frozen_at"]
    show_change_link = True
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Dataset)
class DatasetAdmin(Audited):
    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        """Who may see a dataset is changed by the action that also tells the front servers."""
        if {"visibility", "embargo_until"} & set(form.changed_data):
            until = form.cleaned_data["embargo_until"]
            set_visibility(dataset=obj, visibility=form.cleaned_data["visibility"], until=until, by=_by(request))
        super().save_model(request, obj, form, change)

    list_display = ["name", "visibility", "embargo_until", "organization", "contact_email", "created_at"]
    list_filter = ["visibility", "organization", "versions__state"]
    search_fields = ["name", "contact_name", "contact_email", "versions__title"]
    fields = ["name", "visibility", "embargo_until", "organization", "contact_name", "contact_email", "created_at"]
    readonly_fields = ["name", "created_at"]  # a name is permanent
    autocomplete_fields = ["organization"]
    inlines = [DatasetMembers, Versions]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a dataset begins by publishing it


@admin.register(Organization)
class OrganizationAdmin(Audited):
    list_display = ["name", "title", "ror"]
    search_fields = ["name", "title", "ror"]
    inlines = [OrganizationMembers]


@admin.register(Membership)
class MembershipAdmin(Audited):
    list_display = ["user", "role", "dataset", "organization", "created_at"]
    list_filter = ["role", "organization"]
    list_select_related = ["user", "dataset", "organization"]
    search_fields = ["user__username", "dataset__name", "organization__name"]
    autocomplete_fields = ["user", "dataset", "organization"]


@admin.register(Person)
class PersonAdmin(Audited):
    list_display = ["name", "orcid"]
    search_fields = ["name", "orcid"]


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ReadOnly):
    list_display = ["__str__", "state", "title", "licence", "frozen_at"]
    list_filter = ["state", "licence", "frozen_at"]
    list_select_related = ["dataset"]
    search_fields = ["dataset__name", "title", "record_digest"]


class OfVersion(ReadOnly):
    """What hangs on a version."""

    list_filter = ["version__state"]
    list_select_related = ["version__dataset"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return ["__str__", "version", *self.list_display]


@admin.register(Mount)
class MountAdmin(OfVersion):
    list_display = ["path", "single", "root", "key"]
    list_filter = ["root", "version__state"]
    search_fields = ["version__dataset__name", "path", "key"]


@admin.register(Specimen)
class SpecimenAdmin(OfVersion):
    list_display = ["organism", "sample"]
    search_fields = ["version__dataset__name", "organism", "sample", "terms__label"]


@admin.register(Acquisition)
class AcquisitionAdmin(OfVersion):
    list_display = ["method", "instrument"]
    list_filter = ["method", "version__state"]
    search_fields = ["version__dataset__name", "instrument"]


@admin.register(Volume)
class VolumeAdmin(OfVersion):
    list_display = ["title", "kind", "dtype", "viewable"]
    list_filter = ["kind", "viewable", "dtype", "version__state"]
    search_fields = ["version__dataset__name", "path", "title"]


@admin.register(Segmentation)
class SegmentationAdmin(ReadOnly):
    list_display = ["volume", "version", "type", "method", "subject"]
    list_filter = ["type", "method"]
    list_select_related = ["volume__version__dataset"]
    search_fields = ["volume__version__dataset__name", "volume__path", "subject"]

    @admin.display(ordering="volume__version")
    def version(self, segmentation: Segmentation) -> DatasetVersion:
        return segmentation.volume.version


@admin.register(Coverage)
class CoverageAdmin(ReadOnly):
    list_display = ["segmentation", "organelle", "found", "label_value"]
    list_filter = ["found", "organelle"]
    list_select_related = ["segmentation__volume", "organelle"]
    search_fields = ["segmentation__volume__version__dataset__name", "organelle__short_name", "organelle__long_name"]


@admin.register(View)
class ViewAdmin(OfVersion):
    list_display = ["name", "title", "layout"]
    search_fields = ["version__dataset__name", "name", "title"]


@admin.register(Contribution)
class ContributionAdmin(OfVersion):
    list_display = ["person", "organization"]
    search_fields = ["version__dataset__name", "person__name", "organization"]


@admin.register(Publication)
class PublicationAdmin(OfVersion):
    list_display = ["doi", "title"]
    search_fields = ["version__dataset__name", "doi", "title"]


@admin.register(OrganelleClass)
class OrganelleClassAdmin(ReadOnly):
    """Facts that ship with the portal: a change would last until the next migration."""

    list_display = ["short_name", "long_name", "parent", "go_id", "colour"]
    list_select_related = ["parent"]
    search_fields = ["short_name", "long_name", "go_id"]


@admin.register(StateLink)
class StateLinkAdmin(Audited):
    list_display = ["id", "sources", "created_at"]
    list_filter = ["created_at"]
    search_fields = ["id", "sources"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what was shared stays, or goes as a whole


@admin.register(Selection)
class SelectionAdmin(Audited):
    list_display = ["id", "layers", "created_at"]
    list_filter = ["created_at"]
    search_fields = ["id", "layers"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what was kept stays, or goes as a whole


class TokenAdmin(ReadOnly):
    """Tokens are made where they can be shown once: on the command line. What is kept of them is not shown."""

    exclude = ["secret_digest"]
    actions = ["revoke"]

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))


@admin.register(ApiToken)
class ApiTokenAdmin(TokenAdmin):
    list_display = ["id", "user", "label", "scope", "expires_at", "revoked_at", "last_used_at"]
    list_filter = ["scope", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["id", "label", "user__username"]

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            revoke_api_token(token_id=token.pk, by=_by(request))


@admin.register(ShareToken)
class ShareTokenAdmin(TokenAdmin):
    list_display = ["id", "dataset", "label", "expires_at", "revoked_at", "last_used_at"]
    list_filter = ["expires_at", "revoked_at"]
    list_select_related = ["dataset"]
    search_fields = ["label", "dataset__name"]

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ShareToken]) -> None:
        for token in queryset:
            revoke_share_token(share_id=token.pk, by=_by(request))


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ["at", "by", "action", "subject", "before", "after"]
    list_filter = ["action", "at"]
    search_fields = ["by", "action", "subject"]


@admin.register(UsageDaily)
class UsageDailyAdmin(ReadOnly):
    list_display = ["day", "dataset", "views", "sent_bytes", "clients"]
    list_filter = ["day"]
    list_select_related = ["dataset"]
    search_fields = ["dataset__name"]
    exclude = ["sketch"]


@admin.register(RevisionStamp)
class RevisionStampAdmin(ReadOnly):
    list_display = ["value"]
