"""Sign in with an account of an OpenID Connect provider: authorization code with PKCE, state and nonce, by Authlib.

Everything that the provider says is checked: the issuer of its description, the signature of the ID token by its own
keys and by asymmetric algorithms alone, issuer, audience, expiry, nonce, and that the e-mail address is verified where
it names the person. Refuses a claim that gives no role of ours where roles come from claims.
Layer: chatbot. Asks one server over the network, the one that the settings name.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from datatrust.core.settings import OpenId
from semantic.policy import User

LOG = logging.getLogger("datatrust.sign_in")
SECRET = "DATATRUST_OIDC_SECRET"  # the environment variable of the client's secret
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
PENDING_SECONDS, MOST_PENDING = 600, 10_000
MOST_SESSIONS, MOST_HINT = 10_000, 4_000  # whose ID token is kept, and its characters
_HERE = ("localhost", "127.0.0.1", "::1")
KNOWN_SECONDS = 3_600  # the provider's description and keys are read again after
TIMEOUT = 10.0
LEEWAY = 60  # seconds that clocks may differ
MOST_VALUES = 50  # of one claim


class ProviderFault(Exception):
    """The identity provider did not sign somebody in; the text is for that person."""


@dataclass(frozen=True, kw_only=True)
class Vouched:
    """Who the provider says has signed in, and where they wanted to go."""

    user: User
    subject: str
    wanted: str
    id_token: str  # what the provider knows the session by when it ends


@dataclass(frozen=True, kw_only=True)
class _Pending:
    """A sign-in that was begun."""

    verifier: str
    nonce: str
    redirect: str
    wanted: str
    began: float


class Provider:
    """One OpenID Connect provider. Safe for many threads."""

    def __init__(self, settings: OpenId) -> None:
        self.settings = settings
        self._secret = os.environ.get(SECRET)
        if not self._secret:
            raise UserError(
                Issue(
                    code="DT385",
                    message=f"sign_in.openid: the client's secret is missing: {SECRET} is not set",
                    hint="put it into the environment of the server, never into a file of the project",
                )
            )
        host = urlsplit(settings.issuer)
        self._is_here = host.hostname in _HERE
        if host.scheme != "https" and not self._is_here:
            raise UserError(
                Issue(
                    code="DT385",
                    message="sign_in.openid: the issuer is reached without encryption: use https",
                )
            )
        self._lock = threading.Lock()
        self._pending: OrderedDict[str, _Pending] = OrderedDict()
        self._hints: OrderedDict[str, str] = OrderedDict()  # hash of a session -> its ID token
        self._known: tuple[float, dict[str, Any], KeySet] | None = None

    def begin(self, *, redirect: str, wanted: str) -> tuple[str, str]:
        """Begin a sign-in; return the address to send the person to, and the state that they must bring back.

        Raises:
            ProviderFault: the provider cannot be reached, or describes another one.
        """
        about, _ = self._describe()
        verifier, nonce = generate_token(64), generate_token(32)
        with self._client(redirect) as client:
            address, state = client.create_authorization_url(
                about["authorization_endpoint"], code_verifier=verifier, nonce=nonce, state=generate_token(32)
            )
        with self._lock:
            self._pending[state] = _Pending(
                verifier=verifier, nonce=nonce, redirect=redirect, wanted=wanted, began=time.monotonic()
            )
            while len(self._pending) > MOST_PENDING:
                self._pending.popitem(last=False)
        return str(address), str(state)

    def finish(self, *, state: str, code: str) -> Vouched:
        """Return whom the provider vouches for; a state serves once.

        Raises:
            ProviderFault: the sign-in was not begun here or is too old, or the provider's words do not hold.
        """
        with self._lock:
            pending = self._pending.pop(state, None)
        if pending is None or pending.began < time.monotonic() - PENDING_SECONDS:
            raise ProviderFault("This sign-in was not begun here, or too long ago. Begin again.")
        about, keys = self._describe()
        try:
            with self._client(pending.redirect) as client:
                tokens = client.fetch_token(
                    about["token_endpoint"], code=code, code_verifier=pending.verifier
                )
            token = str(tokens["id_token"])
            try:
                found = jwt.decode(token, keys, algorithms=ALGORITHMS)
            except (JoseError, ValueError):
                keys = self._describe(anew=True)[1]  # the provider may have new keys
                found = jwt.decode(token, keys, algorithms=ALGORITHMS)
            claims = CodeIDToken(
                found.claims,
                found.header,
                options={
                    "iss": {"essential": True, "value": self.settings.issuer},
                    "aud": {"essential": True, "value": self.settings.client_id},
                },
                params={
                    "nonce": pending.nonce, "client_id": self.settings.client_id,
                    "access_token": tokens.get("access_token"),
                },
            )  # fmt: skip
            claims.validate(leeway=LEEWAY)
        except (AuthlibBaseError, JoseError, httpx.HTTPError, KeyError, ValueError, TypeError) as error:
            LOG.warning("the identity provider signed nobody in: %s", type(error).__name__)
            raise ProviderFault("Your account could not be proved. Begin again.") from None
        return Vouched(
            user=self._user(dict(claims)),
            subject=f"{claims['iss']} {claims['sub']}",
            wanted=pending.wanted,
            id_token=token,
        )

    def remember(self, session: str, id_token: str) -> None:
        """Keep what the provider knows a session by: in memory alone, for it holds what is known of the person."""
        if len(id_token) > MOST_HINT:
            return  # an address would be too long with it
        with self._lock:
            self._hints[_key(session)] = id_token
            while len(self._hints) > MOST_SESSIONS:
                self._hints.popitem(last=False)

    def end_session(self, session: str, *, back: str) -> str | None:
        """Return where to send somebody who signs out, to sign out at the provider too; None where it offers no such thing.

        Args:
            back: the address of ours that the provider sends them to afterwards.

        See OpenID Connect RP-Initiated Logout 1.0.
        """
        with self._lock:
            hint = self._hints.pop(_key(session), None)
        if not self.settings.sign_out:
            return None
        try:
            address = self._describe()[0].get("end_session_endpoint")
        except ProviderFault:
            return None  # they are signed out here, and the log says what is wrong
        if not isinstance(address, str) or not self._is_safe(address):
            return None
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        if hint is not None:
            asked["id_token_hint"] = hint
        return str(add_params_to_uri(address, list(asked.items())))

    def _is_safe(self, address: str) -> bool:
        """Whether an address of the provider's description is reached encrypted, or is this machine's as the provider is."""
        found = urlsplit(address)
        is_here = self._is_here and found.hostname in _HERE
        return found.scheme == "https" or (found.scheme == "http" and is_here)

    def _user(self, claims: Mapping[str, Any]) -> User:
        settings = self.settings
        name = claims.get(settings.name_claim)
        if not isinstance(name, str) or not name:
            raise ProviderFault(f'Your account has no "{settings.name_claim}", by which you are known here.')
        if settings.name_claim == "email" and claims.get("email_verified") is False:
            raise ProviderFault("The e-mail address of your account is not verified.")
        if settings.roles_claim is None:
            return User(name=name, roles=())
        said = _texts(claims.get(settings.roles_claim))
        roles = [settings.roles[each] for each in said if each in settings.roles] if settings.roles else said
        if not roles:
            raise ProviderFault("Your account has no role here. Ask those who look after this server.")
        attributes = {
            attribute: values for attribute, claim in settings.attributes.items() if (values := _texts(claims.get(claim)))
        }  # fmt: skip
        return User(name=name, roles=tuple(dict.fromkeys(roles)), attributes=attributes)

    def _client(self, redirect: str) -> Any:
        return OAuth2Client(
            self.settings.client_id, self._secret, scope=" ".join(self.settings.scopes), redirect_uri=redirect,
            code_challenge_method="S256", timeout=TIMEOUT, follow_redirects=False, trust_env=not self._is_here,
        )  # fmt: skip

    def _describe(self, *, anew: bool = False) -> tuple[dict[str, Any], KeySet]:
        """The provider's description and keys."""
        known = self._known
        if known is not None and not anew and known[0] > time.monotonic() - KNOWN_SECONDS:
            return known[1], known[2]
        try:
            with httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=not self._is_here) as client:
                address = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
                about = client.get(address).raise_for_status().json()
                if about["issuer"] != self.settings.issuer:
                    raise ValueError("another issuer")
                keys = KeySet.import_key_set(client.get(about["jwks_uri"]).raise_for_status().json())
                _ = about["authorization_endpoint"], about["token_endpoint"]
        except (httpx.HTTPError, JoseError, KeyError, ValueError, TypeError) as error:
            LOG.warning("the identity provider is not as the settings say: %s", type(error).__name__)
            raise ProviderFault(
                "The sign-in of your company does not answer just now. Try again later."
            ) from None
        self._known = (time.monotonic(), about, keys)
        return about, keys


def _key(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()


def _texts(value: Any) -> tuple[str, ...]:
    """Return a claim's values as texts; what is no text or number is no value."""
    listed = value if isinstance(value, list) else [value]
    return tuple(str(each) for each in listed[:MOST_VALUES] if isinstance(each, str | int) and str(each))
