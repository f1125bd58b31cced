"""Accounts in the administration, with what they are members of."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from datasets.catalogue.admin.access import MembershipsOfUser
from datasets.catalogue.admin.bases import Audited, ReadOnly
from portal.accounts.models import FailedSignIn, User


@admin.register(User)
class AccountAdmin(Audited, UserAdmin):  # type: ignore[type-arg]  # generic for the type checker alone
    inlines = [MembershipsOfUser]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return list(self.inlines) if obj else []  # first the account, then what it belongs to


@admin.register(FailedSignIn)
class FailedSignInAdmin(ReadOnly):
    list_display = ["at", "account", "address"]
    search_fields = ["account"]
