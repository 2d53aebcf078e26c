"""How the secrets of second factors lie in the database: each sealed under a key of its own."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from zhizhi.trust import grounds, vault
from zhizhi.trust.models import SubjectKey

ISSUER = "Zhizhi 智治"


class FactorSecrets(DefaultMFAAdapter):  # type: ignore[misc]  # it has no types
    """Seals what django-allauth keeps of a second factor; rotating vault keys takes them along."""

    def encrypt(self, text: str) -> str:
        """Return ``text`` sealed, as "id of its key:base64"."""
        [(key, opened)] = vault.make_keys(1, now=timezone.now())
        sealed = vault.seal(text, key=opened, key_id=str(key.pk), place=_place(key.pk))
        return f"{key.pk}:{b64encode(sealed).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text; raises Erased, SealBroken and KeysMissing."""
        key = key_of(encrypted_text)
        sealed = b64decode(encrypted_text.partition(":")[2])
        with grounds.reading(grounds.by_law("sign-in")):
            return vault.unseal(sealed, key=vault.unwrap(key), place=_place(key.pk))

    def get_totp_issuer(self) -> str:
        """Return what an authenticator app shows above the code, in every language alike."""
        return ISSUER

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """Return whose code it is: the user name, never a mail address."""
        return user.get_username()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return for which site a passkey is made: the name under which the page is open."""
        return {"id": context.request.get_host().partition(":")[0], "name": ISSUER}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, Any]:
        """Return what a device keeps of the account beside its key."""
        name = user.get_username()
        return {"id": str(user.pk).encode(), "display_name": name, "name": name}


def key_of(sealed: str) -> SubjectKey:
    """Return the key of a sealed secret."""
    return SubjectKey.objects.get(pk=int(sealed.partition(":")[0]))


def _place(pk: int) -> vault.Place:
    return vault.Place("mfa_authenticator", "data", pk)
