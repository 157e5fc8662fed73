"""A real OpenID provider, by Authlib's server side, which tests can have misbehave."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, jsonify, request
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from tests.signing import unsigned

CLIENT_ID, CLIENT_SECRET = "comments", "between-the-two-of-us"


@dataclass
class Customer(ClientMixin):
    """The comment service, as the provider registered it."""

    redirect_uri: str
    method: str = "client_secret_basic"

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == self.method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code:
    """What a code stands for."""

    code: str
    user: dict[str, Any]
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class Provider:
    """Who is signed in there, and how it strays from what it should do."""

    issuer: str = ""
    customer: Customer = field(default_factory=lambda: Customer(""))
    user: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1", "name": "Nora Falk"})
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))
    signing: Any = None
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "first"})
    metadata: dict[str, Any] = field(default_factory=dict)
    stray: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    userinfo: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)


def build(provider: Provider) -> Flask:
    """Make the provider's application."""

    class Grant(AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]

        def save_authorization_code(self, code: str, asked: Any) -> None:
            data = asked.payload.data
            provider.codes[code] = Code(
                code, dict(asked.user), asked.payload.redirect_uri, asked.payload.scope, data.get("nonce"),
                data.get("code_challenge"), data.get("code_challenge_method"),
            )  # fmt: skip

        def query_authorization_code(self, code: str, client: Any) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            provider.codes.pop(authorization_code.code)

        def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
            return authorization_code.user

    class IdToken(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, nonce: str, asked: Any) -> bool:
            return False

        def get_client_algorithm(self, client: Any) -> str:
            return str(provider.header["alg"])

        def get_encode_header(self, client: Any) -> dict[str, Any]:
            return provider.header

        def resolve_client_private_key(self, client: Any) -> Any:
            return provider.signing or provider.key

        def get_client_claims(self, client: Any) -> dict[str, Any]:
            now = int(time.time())
            return {"iss": provider.issuer, "aud": [CLIENT_ID], "iat": now, "exp": now + 300}

        def get_compatible_claims(self, asked: Any) -> dict[str, Any]:
            return self.get_client_claims(asked.client)

        def generate_user_info(self, user: dict[str, Any], scope: str) -> UserInfo:
            return UserInfo(**user)

        def get_authorization_code_claims(self, authorization_code: Any) -> dict[str, Any]:
            return dict(super().get_authorization_code_claims(authorization_code))

        def encode_id_token(self, token: Any, asked: Any) -> str:
            from joserfc import jwt
            from joserfc.jws import JWSRegistry

            claims = self.get_compatible_claims(asked)
            claims |= self.get_authorization_code_claims(asked.authorization_code) | asked.user
            if provider.header["alg"] == "none":
                return unsigned(provider.stray(claims), **provider.header)
            registry = JWSRegistry(algorithms=[provider.header["alg"]], strict_check_header=False)
            signing = provider.signing or provider.key
            return str(jwt.encode(provider.header, provider.stray(claims), signing, registry=registry))

    app = Flask("provider")
    app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = False
    server = AuthorizationServer(
        app, query_client=lambda client_id: provider.customer if client_id == CLIENT_ID else None,
        save_token=lambda token, asked: None,
    )  # fmt: skip
    server.register_grant(Grant, [CodeChallenge(required=True), IdToken()])

    @app.before_request
    def note() -> None:
        provider.asked.append(f"{request.method} {request.path}")
        provider.seen.append(request.values.to_dict())

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Response:
        doors = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys",
                 "userinfo_endpoint": "userinfo"}  # fmt: skip
        said = {name: f"{provider.issuer}/{path}" for name, path in doors.items()}
        return jsonify({"issuer": provider.issuer, **said, **provider.metadata})

    @app.get("/authorize")
    def authorize() -> Any:
        grant = server.get_consent_grant(end_user=provider.user)
        return server.create_authorization_response(grant_user=provider.user, grant=grant)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.get("/keys")
    def keys() -> Response:
        return jsonify({"keys": [provider.key.as_dict(private=False)]})

    @app.get("/userinfo")
    def userinfo() -> Response:
        return jsonify(provider.userinfo)

    return app


@contextmanager
def running(redirect_uri: str) -> Iterator[Provider]:
    """Serve a provider on this machine until the block ends."""
    provider = Provider(customer=Customer(redirect_uri))
    server = make_server("127.0.0.1", 0, build(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True, name="provider")
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def other_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})
