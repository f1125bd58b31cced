"""What the administration's pages of the catalogue share: those that are only looked at, and those that write down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.actions.revision import bump_revision

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

    def index(self, key: Any) -> None:
        """Keep what the search is asked true, after the row of this key and what belongs to it was changed."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self.index(form.instance.pk)

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
        key = obj.pk
        super().delete_model(request, obj)
        self.index(key)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        keys = [obj.pk for obj in queryset]
        for obj in queryset:
            self._record(request, "delete", obj)
        super().delete_queryset(request, queryset)
        for key in keys:
            self.index(key)

    def _record(
        self, request: HttpRequest, deed: str, obj: Model, before: dict[str, Any] | None = None, after: Any = None
    ) -> None:
        action = f"{obj._meta.model_name}.{deed}"
        record_event(by=by(request), action=action, subject=str(obj)[:200], before=before, after=after)
        bump_revision()


def by(request: HttpRequest) -> AbstractBaseUser:
    assert request.user.is_authenticated, "nobody else comes here"
    return request.user


def _tellable(obj: Model) -> set[str]:
    """The fields whose values may be written down."""
    return {field.name for field in obj._meta.concrete_fields} - {"password"}


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | None) else str(value)
