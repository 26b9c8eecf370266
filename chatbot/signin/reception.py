"""The sign-in of one project: what the gate, the pages and the identity provider share.

Layer: chatbot. Imports the persons, their passwords and the cookies' signatures.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer

from chatbot.signin.passwords import Throttle
from chatbot.signin.people import People, Person
from chatbot.signin.rights import viewer_of
from datatrust.core.settings import Project, SignIn
from semantic.query import Viewer

if TYPE_CHECKING:
    from chatbot.signin.oidc import Provider

ASKER = "datatrust.asker"  # where the gate puts who asks, in the scope of a request
COOKIE, FORM_COOKIE, PROVIDER_COOKIE = "datatrust_person", "datatrust_form", "datatrust_provider"
FORM_SECONDS = 3_600


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who asks by one request, and how they came in."""

    reception: Reception
    person: Person
    session: str | None = None  # the secret of the session; None came in with a token

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def leave_token(self) -> str:
        """What the form that signs out must send: known to pages of this session alone."""
        return self.reception.stamp(f"leave {self.session}")

    def viewer(self) -> Viewer:
        """Return what they may see now.

        Raises:
            AccessDenied: the access policy does not know them.
            UserError: the policy has faults.
        """
        return viewer_of(self.reception.project, user=self.name, people=self.reception.people)


class Reception:
    """The sign-in of one project. Safe for many threads."""

    def __init__(self, project: Project, settings: SignIn, people: People) -> None:
        self.project, self.settings, self.people = project, settings, people
        self.throttle = Throttle()
        self.provider: Provider | None = None
        if settings.openid is not None:
            from chatbot.signin.oidc import Provider  # slow to import, and few need it

            self.provider = Provider(settings.openid)
        self._key = people.key()
        self._cookies = URLSafeTimedSerializer(self._key, salt="datatrust sign-in")

    @classmethod
    def of(cls, project: Project) -> Reception | None:
        """Return the sign-in of a project; None where it has none.

        Raises:
            UserError: the settings name an identity provider and the secret is missing.
            PeopleUnavailable: the file of persons cannot be used.
        """
        people = People.of(project)
        if project.config.sign_in is None and not people.exists:
            return None
        return cls(project, project.config.sign_in or SignIn(), people)

    @property
    def is_https(self) -> bool:
        """Whether people come by https, so that cookies must not travel otherwise."""
        return (self.settings.address or "").startswith("https:")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names besides loopback's that the server may be called by."""
        found = urlsplit(self.settings.address).hostname if self.settings.address else None
        return () if found is None else (f"[{found}]" if ":" in found else found,)

    def sign_in(self, person: Person, *, id_token: str | None = None) -> str:
        """Open a session; return the value of its cookie.

        Args:
            id_token: of the provider, where that vouched for the person.
        """
        secret = self.people.open_session(person.name, seconds=self.settings.hours * 3_600)
        if self.provider is not None and id_token is not None:
            self.provider.remember(secret, id_token)
        return self._cookies.dumps(secret)

    def asker_of(self, cookie: str | None) -> Asker | None:
        """Return who has this cookie; None where it is forged, altered, or its session has ended."""
        secret = self.read(cookie, seconds=self.settings.hours * 3_600)
        person = self.people.of_session(secret) if secret else None
        return Asker(reception=self, person=person, session=secret) if person is not None else None

    def asker_with(self, token: str) -> Asker | None:
        """Return who has this token; None where it is forged, expired or revoked."""
        person = self.people.of_token(token)
        return Asker(reception=self, person=person) if person is not None else None

    def seal(self, value: str) -> str:
        """Return a cookie's value that cannot be altered."""
        return self._cookies.dumps(value)

    def read(self, cookie: str | None, *, seconds: float) -> str | None:
        """Return what a cookie holds; None where it was altered or is older than `seconds`."""
        if not cookie or len(cookie) > 2_000:
            return None
        try:
            found = self._cookies.loads(cookie, max_age=int(seconds))
        except BadData:
            return None
        return found if isinstance(found, str) else None

    def stamp(self, text: str) -> str:
        """Return what only this server can say of a text."""
        return hmac.new(self._key, text.encode(), "sha256").hexdigest()

    def cookie(self, name: str, value: str, *, seconds: float, path: str = "/") -> str:
        """Return the header that sets a cookie; no seconds take it away."""
        kept = f"{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={int(seconds)}"
        return f"{kept}; Secure" if self.is_https else kept


def new_secret() -> str:
    """Return what nobody can guess."""
    return secrets.token_urlsafe(24)


def asker_of(scope: Mapping[str, Any]) -> Asker | None:
    """Return who asks by a request, as the gate found; None on a server without sign-in."""
    found = scope.get(ASKER)
    return found if isinstance(found, Asker) else None


def is_loopback(host: str) -> bool:
    """Return whether an address is this machine's own.

    >>> is_loopback("127.0.0.1"), is_loopback("10.0.0.4"), is_loopback("")
    (True, False, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
