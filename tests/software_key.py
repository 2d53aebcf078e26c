"""A security key made of software: what a browser and its device do when they are asked."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor

PRESENT, VERIFIED, NEW = 0x01, 0x04, 0x40
KIND = -7  # ES256


def text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class SoftwareKey:
    """One key for one site; ``site`` is the name that the browser would vouch for."""

    site: str = "localhost"
    origin: str = "http://localhost"
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    secret: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ``navigator.credentials.create``."""
        point = self.secret.public_key().public_numbers()
        public = {1: 2, 3: KIND, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        told = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor.encode(public)
        made = {"fmt": "none", "attStmt": {}, "authData": self._data(NEW) + told}
        client = self._client("webauthn.create", question)
        return self._answer(clientDataJSON=client, attestationObject=cbor.encode(made))

    def sign(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ``navigator.credentials.get``."""
        client, data = self._client("webauthn.get", question), self._data(0)
        signed = data + hashlib.sha256(client).digest()
        signature = self.secret.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _data(self, flags: int) -> bytes:
        seen = bytes([PRESENT | VERIFIED | flags])
        return hashlib.sha256(self.site.encode()).digest() + seen + bytes(4)

    def _client(self, kind: str, question: Mapping[str, Any]) -> bytes:
        asked = {"type": kind, "challenge": question["publicKey"]["challenge"]}
        return json.dumps({**asked, "origin": self.origin}).encode()

    def _answer(self, **parts: bytes) -> dict[str, Any]:
        response = {name: text(content) for name, content in parts.items()}
        return {
            "id": text(self.id), "rawId": text(self.id), "type": "public-key",
            "response": response, "clientExtensionResults": {},
        }  # fmt: skip
