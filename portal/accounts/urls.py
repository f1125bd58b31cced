"""Addresses below ``/account/``."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from portal.accounts import tokens, views

app_name = "accounts"

urlpatterns = [
    path("", views.account, name="account"),
    path("password/", views.ChangePassword.as_view(), name="password"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/revoke", tokens.revoke, name="revoke_token"),
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(http_method_names=["post", "options"]), name="sign_out"),
]
