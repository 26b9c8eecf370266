"""Sign-in with a company account: a real OpenID Connect provider on loopback, and what it may not get past."""

from __future__ import annotations

import base64
import hmac
import html
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from chatbot.desk import Desk
from chatbot.export import ExportStore
from chatbot.routes import make_routes
from chatbot.signin import oidc
from chatbot.signin.gate import Gate
from chatbot.signin.oidc import SECRET, Provider, ProviderFault
from chatbot.signin.pages import make_sign_in_routes
from chatbot.signin.people import People
from chatbot.signin.reception import COOKIE, Reception
from datatrust.core.errors import UserError
from datatrust.core.settings import OpenId, Project, SignIn
from semantic.policy import User
from tests.support.guarded import connect, write_guarded
from tests.support.serving import serving

pytestmark = pytest.mark.slow  # a server, and keys that take time to make

CLIENT_SECRET = "the-secret-of-the-client"
ACCOUNTS = {
    "emil": {"email": "emil@example.com", "email_verified": True, "groups": ["fin-sales", "chess club"], "area": "AMER"},
    "ina": {"email": "ina@example.com", "email_verified": True, "groups": ["fin-all"]},
    "guest": {"email": "guest@example.com", "groups": ["chess club"]},
    "unproved": {"email": "emil@example.com", "email_verified": False, "groups": ["fin-all"]},
    "thief": {"email": "emil@example.com", "email_verified": True, "groups": ["fin-all"]},
    "nameless": {"groups": ["fin-all"]},
    "local": {"email": "akira", "email_verified": True, "groups": ["fin-all"]},
}  # fmt: skip


def jwt_payload(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


class Place:
    """A guarded project whose sign-in asks the provider."""

    def __init__(self, address: str, issuer: str, project: Project, reception: Reception) -> None:
        self.address, self.issuer, self.project, self.reception = address, issuer, project, reception

    def enter(self, account: str, client: httpx.Client) -> httpx.Response:
        """Sign in at the provider as a browser does; return what our server says then."""
        reply = client.get("/sign-in/provider", params={"next": "/?x=1"})
        assert reply.status_code == 303
        there = httpx.post(reply.headers["location"], data={"sub": account})
        assert there.status_code == 302, there.text
        return client.get(there.headers["location"])

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=30)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    users = [oidc_provider_mock.User(sub=sub, claims=dict(claims)) for sub, claims in ACCOUNTS.items()]
    with (
        pytest.MonkeyPatch.context() as patch,
        oidc_provider_mock.run_server_in_thread(user_claims=users) as provider,
    ):
        patch.setenv(SECRET, CLIENT_SECRET)
        issuer = f"http://localhost:{provider.server_port}"
        settings = OpenId(
            issuer=issuer, client_id="datatrust", roles_claim="groups", roles={"fin-sales": "region", "fin-all": "whole"},
            attributes={"region": "area"},
        )  # fmt: skip
        project = write_guarded(tmp_path_factory.mktemp("provider"))
        reception = Reception(project, SignIn(openid=settings), People.of(project))
        reception.people.add("akira", "a long password of akira")
        app = FastAPI()
        app.include_router(make_routes(Desk.open(project), ExportStore()))
        app.include_router(make_sign_in_routes(reception))
        app.add_middleware(Gate, reception=reception)
        with serving(app) as address:
            yield Place(address, issuer, project, reception)


def test_an_account_signs_in_with_the_roles_of_its_claims(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    sql = connect(place.project)
    with caplog.at_level(logging.DEBUG):
        for account, region, role in (("emil", "AMER", "region"), ("ina", None, "whole")):
            with place.browser() as client:
                reply = place.enter(account, client)
                assert (reply.status_code, reply.headers["location"]) == (303, "/?x=1")
                answer = client.post("/api/v1/ask", json={"question": "orders", "today": "2026-06-30"}).json()
                where = (
                    "customer in (select customer from customers join countries using (country) where region = 'AMER')"
                    if region
                    else "true"
                )
                assert answer["rows"] == [
                    [sql.execute(f"select count(*) from sales where {where}").fetchone()[0]]
                ]  # type: ignore[index]
                assert answer["evidence"]["role"] == role
        assert CLIENT_SECRET not in caplog.text
    assert [p.name for p in place.reception.people.everyone() if not p.is_local] == [
        "emil@example.com",
        "ina@example.com",
    ]


def test_the_way_there_is_bound_to_this_browser_and_to_proof_of_the_code(place: Place) -> None:
    with place.browser() as client:
        sent = urlsplit(client.get("/sign-in/provider").headers["location"])
        asked = {name: values[0] for name, values in parse_qs(sent.query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["code_challenge"]) == 43
        assert len(asked["state"]) >= 30
        assert len(asked["nonce"]) >= 30
        assert "client_secret" not in asked
        assert asked["redirect_uri"] == f"{place.address}/sign-in/provider/back"


def test_a_verified_code_is_sent_with_its_verifier(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    real = oidc.OAuth2Client.fetch_token

    def noted(self: Any, url: str, **more: Any) -> Any:
        sent.append(more)
        return real(self, url, **more)

    monkeypatch.setattr(oidc.OAuth2Client, "fetch_token", noted)
    with place.browser() as client:
        assert place.enter("ina", client).status_code == 303
    assert len(sent[0]["code_verifier"]) >= 43


@pytest.mark.parametrize(
    ("account", "status", "told"),
    [
        ("guest", 401, "no role here"),
        ("unproved", 401, "not verified"),
        ("nameless", 401, "no &#34;email&#34;"),
        ("local", 403, "belongs to somebody else"),
    ],
)
def test_an_account_that_does_not_fit_is_told_why(place: Place, account: str, status: int, told: str) -> None:
    with place.browser() as client:
        reply = place.enter(account, client)
        assert reply.status_code == status
        assert told in reply.text
        assert COOKIE not in client.cookies


def test_another_account_with_the_same_name_is_nobody(place: Place) -> None:
    """Trap: whoever gets somebody's old address at the provider would be them here."""
    with place.browser() as client:
        assert place.enter("emil", client).status_code == 303
    with place.browser() as client:
        assert place.enter("thief", client).status_code == 403


def leave(place: Place, client: httpx.Client) -> httpx.Response:
    asker = place.reception.asker_of(client.cookies[COOKIE])
    assert asker is not None
    return client.post("/sign-out", data={"token": asker.leave_token})


def onward(reply: httpx.Response) -> str:
    """Where the page that says farewell sends the browser."""
    assert reply.status_code == 200
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', reply.text)
    assert found
    return html.unescape(found[1])


def test_who_signs_out_is_signed_out_at_the_provider(place: Place) -> None:
    with place.browser() as client:
        assert place.enter("ina", client).status_code == 303
        there = onward(leave(place, client))
        assert (
            client.get("/api/v1/metrics").status_code == 401
        )  # signed out here first, whatever happens there
        assert there.startswith(f"{place.issuer}/oauth2/end_session?")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
        assert asked["client_id"] == "datatrust"
        assert asked["post_logout_redirect_uri"] == f"{place.address}/sign-in/provider/out"
        assert jwt_payload(asked["id_token_hint"])["sub"] == "ina"
        form = httpx.get(there)
        assert form.status_code == 200
        assert "id_token_hint</a>" not in form.text  # what it says where the hint is missing
        end = re.search(r'<form method="post" action="([^"]+)"', form.text)
        assert end
        back = httpx.post(
            f"{place.issuer}{end[1]}", data={"redirect_uri": asked["post_logout_redirect_uri"]}
        ).headers["location"]
        reply = client.get(back, follow_redirects=True)
        assert "You are signed out." in reply.text


def test_a_hint_is_no_longer_than_its_session(place: Place) -> None:
    provider = place.reception.provider
    assert provider is not None
    with place.browser() as client:
        assert place.enter("ina", client).status_code == 303
        provider._hints.clear()  # as after a restart of the server
        assert "id_token_hint" not in onward(leave(place, client))
        assert place.enter("ina", client).status_code == 303
        assert len(provider._hints) == 1
        onward(leave(place, client))
        assert not provider._hints
    provider.remember("a session", "x" * 5_000)  # an address with it would be too long
    assert not provider._hints


@pytest.mark.parametrize("endpoint", [None, "", 7, "http://elsewhere.example/end", "ftp://localhost/end"])
def test_without_a_safe_way_the_session_ends_here_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch, endpoint: object
) -> None:
    provider = place.reception.provider
    assert provider is not None
    with place.browser() as client:
        assert place.enter("ina", client).status_code == 303
        about, keys = provider._describe()
        monkeypatch.setattr(
            provider, "_describe", lambda: ({**about, "end_session_endpoint": endpoint}, keys)
        )
        reply = leave(place, client)
        assert (reply.status_code, reply.headers["location"]) == (303, "/sign-in?out")
        assert client.get("/api/v1/metrics").status_code == 401


def test_a_provider_that_does_not_answer_keeps_nobody_signed_in(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = place.reception.provider
    assert provider is not None

    def gone() -> Any:
        raise ProviderFault("no answer")

    with place.browser() as client:
        assert place.enter("ina", client).status_code == 303
        monkeypatch.setattr(provider, "_describe", gone)
        assert leave(place, client).headers["location"] == "/sign-in?out"
        assert client.get("/api/v1/metrics").status_code == 401


def test_a_password_and_a_setting_keep_the_provider_out_of_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    akira = place.reception.people.find("akira")
    with place.browser() as client:
        client.cookies.set(COOKIE, place.reception.sign_in(akira))
        assert leave(place, client).headers["location"] == "/sign-in?out"
    provider = place.reception.provider
    assert provider is not None
    monkeypatch.setattr(provider, "settings", provider.settings.model_copy(update={"sign_out": False}))
    with place.browser() as client:
        assert place.enter("ina", client).status_code == 303
        assert leave(place, client).headers["location"] == "/sign-in?out"


def test_a_disabled_account_is_out(place: Place) -> None:
    with place.browser() as client:
        assert place.enter("ina", client).status_code == 303
        assert client.get("/api/v1/metrics").status_code == 200
        place.reception.people.set_disabled("ina@example.com", True)
        try:
            assert client.get("/api/v1/metrics").status_code == 401
            assert place.enter("ina", client).status_code == 403
        finally:
            place.reception.people.set_disabled("ina@example.com", False)


def test_a_state_serves_once_and_in_its_own_browser(place: Place) -> None:
    """Trap: the attacker's own code in the victim's browser signs the victim in as the attacker."""
    with place.browser() as mine, place.browser() as victim:
        begun = mine.get("/sign-in/provider").headers["location"]
        back = httpx.post(begun, data={"sub": "ina"}).headers["location"]
        assert victim.get(back).status_code == 403
        assert mine.get(back).status_code == 303
        assert mine.get(back).status_code in (401, 403), "the same again"
        for query in ("", "?state=x&code=y", "?state=&code=", "?code=y", "?error=access_denied&state=x"):
            assert mine.get(f"/sign-in/provider/back{query}").status_code == 403
        state = parse_qs(urlsplit(mine.get("/sign-in/provider").headers["location"]).query)["state"][0]
        assert (
            mine.get("/sign-in/provider/back", params={"state": state, "error": "access_denied"}).status_code
            == 401
        )
        assert (
            mine.get("/sign-in/provider/back", params={"state": state, "code": "made up"}).status_code == 401
        )


def test_a_provider_that_is_down_or_another_one_is_told(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.reception.provider is not None
    settings = place.reception.provider.settings
    for issuer in ("http://localhost:9", f"{place.issuer}/", f"{place.issuer}/nowhere"):
        other = Provider(settings.model_copy(update={"issuer": issuer}))
        with pytest.raises(ProviderFault, match="does not answer"):
            other.begin(redirect="http://localhost/back", wanted="/")
    gone = Provider(settings.model_copy(update={"issuer": "http://localhost:9"}))
    monkeypatch.setattr(place.reception, "provider", gone)
    with place.browser() as client:
        reply = client.get("/sign-in/provider")
        assert reply.status_code == 503
        assert "does not answer just now" in reply.text
        assert "localhost:9" not in reply.text


def test_the_clients_secret_and_encryption_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET, raising=False)
    with pytest.raises(UserError, match=SECRET):
        Provider(OpenId(issuer="https://id.example.com", client_id="x"))
    monkeypatch.setenv(SECRET, "x")
    with pytest.raises(UserError, match="without encryption"):
        Provider(OpenId(issuer="http://id.example.com", client_id="x"))
    for wrong in ({"roles": {"a": "b"}}, {"attributes": {"a": "b"}}, {"scopes": ("email",)}):
        with pytest.raises(ValueError, match=r"roles_claim|openid"):
            OpenId(issuer="https://id.example.com", client_id="x", **wrong)  # type: ignore[arg-type]


# ----------------------------------------------------------------------------------------------- forged tokens

ISSUER, CLIENT = "https://id.example.com", "datatrust"
KEY, OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "one"})


@pytest.fixture
def finish(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[dict[str, Any]], str]], User]:
    """Finish a sign-in with an ID token that is made of the right claims."""
    monkeypatch.setenv(SECRET, "x")
    provider = Provider(OpenId(issuer=ISSUER, client_id=CLIENT))
    about = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/a", "token_endpoint": f"{ISSUER}/t"}
    monkeypatch.setattr(provider, "_describe", lambda **_: (about, KeySet([KEY])))

    def run(make: Callable[[dict[str, Any]], str]) -> User:
        address, state = provider.begin(redirect="https://us.example.com/back", wanted="/")
        nonce = parse_qs(urlsplit(address).query)["nonce"][0]
        now = int(time.time())
        claims = {
            "iss": ISSUER, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 60, "nonce": nonce, "email": "ana@example.com",
        }  # fmt: skip
        token = make(claims)
        monkeypatch.setattr(
            oidc.OAuth2Client, "fetch_token", lambda *_, **__: {"id_token": token, "access_token": "t"}
        )
        return provider.finish(state=state, code="c").user

    return run


def signed(claims: dict[str, Any], key: Any = KEY, alg: str = "RS256") -> str:
    return jwt.encode({"alg": alg, "kid": "one"}, claims, key, algorithms=[alg])


def unsigned(claims: dict[str, Any]) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode()
        for each in ({"alg": "none"}, claims)
    ]
    return ".".join((*parts, ""))


def cut(claims: dict[str, Any]) -> str:
    """Other claims under a right signature."""
    head, _, sign = signed(claims).split(".")
    return ".".join((head, unsigned({**claims, "email": "boss@example.com"}).split(".")[1], sign))


def by_public_key(claims: dict[str, Any]) -> str:
    """Signed with what everybody knows, as if it were a shared secret."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').decode().rstrip("=")
    text = f"{head}.{unsigned(claims).split('.')[1]}"
    digest = hmac.digest(KEY.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def without(claims: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in claims.items() if key != name}


def test_a_right_token_signs_in(finish: Any) -> None:
    assert finish(signed) == User(name="ana@example.com", roles=())


FORGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "unsigned": unsigned,
    "other claims": cut,
    "another key": lambda c: signed(c, OTHER_KEY),
    "the public key as a shared secret": by_public_key,
    "a key of another kind": lambda c: signed(c, ECKey.generate_key("P-256", {"kid": "one"}), "ES256"),
    "another issuer": lambda c: signed({**c, "iss": "https://evil.example"}),
    "another audience": lambda c: signed({**c, "aud": "other"}),
    "audiences without a party": lambda c: signed({**c, "aud": [CLIENT, "other"]}),
    "another party": lambda c: signed({**c, "azp": "other"}),
    "expired": lambda c: signed({**c, "exp": c["iat"] - 600, "iat": c["iat"] - 900}),
    "another nonce": lambda c: signed({**c, "nonce": "x"}),
    "another access token": lambda c: signed({**c, "at_hash": "x" * 22}),
    "not yet": lambda c: signed({**c, "nbf": c["iat"] + 600}),
    **{f"without {name}": (lambda c, name=name: signed(without(c, name))) for name in ("iss", "aud", "sub", "exp", "nonce")},
    "no token": lambda _: "x.y.z",
    "nothing": lambda _: "",
}  # fmt: skip


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_token_signs_nobody_in(finish: Any, how: str) -> None:
    with pytest.raises(ProviderFault, match="could not be proved"):
        finish(FORGED[how])


@pytest.mark.parametrize("email", [None, "", 5, ["a@b"], {"a": 1}])
def test_a_name_is_a_text(finish: Any, email: object) -> None:
    with pytest.raises(ProviderFault, match="has no"):
        finish(lambda claims: signed({**claims, "email": email}))


def test_what_is_pending_is_bounded_and_grows_old(monkeypatch: pytest.MonkeyPatch, finish: Any) -> None:
    monkeypatch.setattr(oidc, "MOST_PENDING", 3)
    monkeypatch.setattr(oidc, "PENDING_SECONDS", -1)
    with pytest.raises(ProviderFault, match="too long ago"):
        finish(signed)
