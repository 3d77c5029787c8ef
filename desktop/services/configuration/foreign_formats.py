"""Recognizes the files of other tools, so that an import can name what it cannot read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from desktop.services.system.translation import translatable, translate

_Document = Mapping[str, Any]

_MAX_LENGTH = 250_000  # characters: more than is imported


def _has_one(found: _Document, *names: str) -> bool:
    return any(each in found for each in names)


def _has_client_id(found: _Document) -> bool:
    return _has_one(found, "client_id", "clientId")


# The first that fits. Those with tokens or keys come before those that only look alike.
_JSON: tuple[tuple[str, Callable[[_Document], bool]], ...] = (
    (
        translatable("a Google service account key"),
        lambda found: found.get("type") == "service_account",
    ),
    (
        translatable("Google Cloud credentials"),
        lambda found: found.get("type") in ("authorized_user", "external_account"),
    ),
    (
        translatable("an AWS IAM Identity Center sign-in"),
        lambda found: (
            "startUrl" in found or {"clientId", "clientSecret", "expiresAt"} <= set(found)
        ),
    ),
    (translatable("AWS credentials"), lambda found: "AccessKeyId" in found),
    (
        translatable("a Kubernetes credential"),
        lambda found: found.get("kind") == "ExecCredential",
    ),
    (translatable("a kubeconfig file"), lambda found: found.get("kind") == "Config"),
    (
        translatable("a Postman environment"),
        lambda found: (
            "_postman_variable_scope" in found
            or (isinstance(found.get("values"), list) and not _has_client_id(found))
        ),
    ),
    (
        translatable("a Postman collection"),
        lambda found: "postman" in str(found.get("info", "")).lower() or "collection" in found,
    ),
    (
        translatable("an Insomnia export"),
        lambda found: "__export_format" in found or "insomnia" in str(found.get("type", "")),
    ),
    (translatable("an HTTPie session"), lambda found: "__meta__" in found),
    (
        translatable("a Bruno collection or environment"),
        lambda found: (
            "opencollection" in found
            or "brunoConfig" in found
            or (not _has_client_id(found) and ("variables" in found or "items" in found))
            or (found.get("type") == "collection" and "version" in found)
        ),
    ),
    (
        translatable("an Azure CLI file"),
        lambda found: "subscriptions" in found or _has_one(found, "AccessToken", "RefreshToken"),
    ),
    (translatable("an OpenAPI description"), lambda found: _has_one(found, "openapi", "swagger")),
    (
        translatable("a Keycloak realm export"),
        lambda found: "realm" in found and "clients" in found,
    ),
    (
        translatable("server metadata"),
        lambda found: "issuer" in found and "token_endpoint" in found and not _has_client_id(found),
    ),
    (
        translatable("a token"),
        lambda found: (
            bool({"access_token", "refresh_token", "accessToken"} & set(found))
            and not {"client_id", "clientId"} & set(found)
        ),
    ),
)
_TEXT: tuple[tuple[str, re.Pattern[str]], ...] = (
    (translatable("a curl command"), re.compile(r"\A\s*(\$\s+)?curl\s")),
    (translatable("a web page"), re.compile(r"\A\s*<(!doctype html|html)\b", re.IGNORECASE)),
    (translatable("an XML file"), re.compile(r"\A\s*<\?xml\b")),
    (translatable("a certificate or key"), re.compile(r"\A\s*-----BEGIN ")),
    (translatable("an Insomnia export"), re.compile(r"^type: *\S*insomnia", re.MULTILINE)),
    (translatable("a kubeconfig file"), re.compile(r"^kind: *Config\b", re.MULTILINE)),
    (translatable("a Kubernetes credential"), re.compile(r"^kind: *ExecCred", re.MULTILINE)),
    (translatable("a Kubernetes file"), re.compile(r"^ *apiVersion: *\S", re.MULTILINE)),
    (
        translatable("a Bruno collection or environment"),
        re.compile(r"\A\s*(meta|vars|auth(:\w+)?) *\{|^opencollection:", re.MULTILINE),
    ),
    (
        translatable("an AWS configuration file"),
        re.compile(r"^(aws_access_key_id|sso_start_url|sso_session) *=|^\[profile ", re.MULTILINE),
    ),
    (translatable("an .env file"), re.compile(r"\A(\s*#.*\n)*\s*(export )?[A-Z][A-Z0-9_]* *=")),
)


def name_foreign_format(text: str) -> str:
    """Name the format of `text` if it is that of another tool, or empty."""
    document = parse_json(text)
    if isinstance(document, dict):
        return translate(next((name for name, fits in _JSON if fits(document)), ""))
    if document is not None:
        return ""
    return translate(next((name for name, pattern in _TEXT if pattern.search(text)), ""))


def parse_json(text: str) -> object:
    """Parse `text`; None where it is no JSON object or list, or far too long."""
    if not text.lstrip().startswith(("{", "[")) or len(text) > _MAX_LENGTH:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
