"""Who belongs where, what a dataset is, what was shared, and what happened."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from datasets.catalogue.actions.tokens import revoke_api_token, revoke_share_token
from datasets.catalogue.actions.withdrawal import set_visibility
from datasets.catalogue.admin.bases import Audited, ReadOnly, Rows, by
from datasets.catalogue.models import (
    ApiToken,
    AuditEvent,
    Dataset,
    DatasetVersion,
    KeptAnswer,
    Membership,
    Organization,
    Person,
    RevisionStamp,
    Selection,
    ShareToken,
    SourceCheck,
    StateLink,
    UsageDaily,
)
from datasets.catalogue.search.indexing import index_organization, index_person


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
            set_visibility(dataset=obj, visibility=form.cleaned_data["visibility"], until=until, by=by(request))
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

    def index(self, key: Any) -> None:
        index_organization(key)


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

    def index(self, key: Any) -> None:
        index_person(key)


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
    """Tokens are made where they can be shown once: on the account's page or the command line. Here is what is kept."""

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
            revoke_api_token(token_id=token.pk, by=by(request))


@admin.register(ShareToken)
class ShareTokenAdmin(TokenAdmin):
    list_display = ["id", "dataset", "label", "expires_at", "revoked_at", "last_used_at"]
    list_filter = ["expires_at", "revoked_at"]
    list_select_related = ["dataset"]
    search_fields = ["label", "dataset__name"]

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ShareToken]) -> None:
        for token in queryset:
            revoke_share_token(share_id=token.pk, by=by(request))


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


@admin.register(SourceCheck)
class SourceCheckAdmin(ReadOnly):
    list_display = ["url", "state", "checked_at", "reached_at"]
    list_filter = ["state"]
    search_fields = ["url"]


@admin.register(KeptAnswer)
class KeptAnswerAdmin(ReadOnly):
    list_display = ["user", "key", "status", "at"]
    list_select_related = ["user"]
    exclude = ["body", "headers"]
