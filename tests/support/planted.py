"""Secrets of every kind, made up, to be planted wherever a run can come across one.

They are put together here, from parts that are no secrets, so that this file trips no scanner.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
URL = ALNUM + "_-"
UPPER = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class Planted:
    """A secret as it appears in a text, and what of it must never be seen: the secret itself."""

    kind: str
    text: str
    secret: str

    @property
    def encoded(self) -> str:
        """The text in base64."""
        return base64.b64encode(self.text.encode()).decode()


def made(seed: str, length: int, alphabet: str = ALNUM) -> str:
    """The same random text for the same seed, with a capital, a small letter and a digit."""
    chosen = random.Random(seed)
    body = "".join(chosen.choice(alphabet) for _ in range(length))
    if alphabet in (ALNUM, URL):
        body = f"{body[:-3]}aZ7"
    return body


def _token(kind: str, before: str, length: int, alphabet: str = ALNUM, after: str = "") -> Planted:
    secret = before + made(kind, length, alphabet) + after
    return Planted(kind, secret, secret)


def _field(kind: str, before: str, length: int = 24, after: str = "", sign: str = "") -> Planted:
    secret = made(kind, length) + sign
    return Planted(kind, before + secret + after, secret)


def _key(kind: str) -> Planted:
    body = made(kind, 64)
    dashes = "-" * 5
    name = f"{kind} PRIVATE KEY".strip()
    if kind == "PGP":
        name += " BLOCK"
    text = f"{dashes}BEGIN {name}{dashes}\n{body}\n{body[::-1]}\n{dashes}END {name}{dashes}"
    return Planted(f"{kind or 'PKCS8'} private key", text, body)


def tokens() -> Iterator[Planted]:
    """Secrets known by their form alone."""
    yield _token("AWS access key", "AK" + "IA", 16, UPPER)
    yield _token("AWS temporary key", "AS" + "IA", 16, UPPER)
    yield _token("GCP API key", "AI" + "za", 35, URL)
    yield _token("GCP access token", "ya" + "29.", 60, URL)
    yield _token("GCP client secret", "GOC" + "SPX-", 28, URL)
    yield _token("Azure client secret", "abC8" + "Q~", 34)
    for letter in "pousr":
        yield _token(f"GitHub token gh{letter}", f"gh{letter}_", 36)
    yield _token("GitHub fine-grained token", "github" + "_pat_", 82, ALNUM + "_")
    yield _token("GitLab token", "gl" + "pat-", 20, URL)
    yield _token("GitLab deploy token", "gl" + "dt-", 20, URL)
    yield _token("GitLab runner token", "gl" + "rt-", 20, URL)
    yield _token("Slack bot token", "xo" + "xb-", 48)
    yield _token("Slack app token", "xa" + "pp-1-", 48)
    yield _field("Slack hook", "https://hooks.slack.com/services/T0AB/B0CD/")
    yield _field("Discord hook", "https://discord.com/api/webhooks/123456/", 60)
    yield _token("Telegram bot", "123456789:" + "AA", 33, URL)
    yield _token("npm token", "np" + "m_", 36)
    yield _token("PyPI token", "py" + "pi-AgEIcHlwaS5vcmc", 60, URL)
    yield _token("RubyGems token", "ruby" + "gems_", 48, HEX)
    yield _token("Docker Hub token", "dck" + "r_pat_", 27, URL)
    yield _jwt()
    yield _token("1Password service account", "op" + "s_ey", 80)
    yield _token("age key", "AGE-SECRET" + "-KEY-1", 58, UPPER)
    yield _token("Vault token", "hv" + "s.", 24)
    yield _token("Terraform Cloud token", "abcdefghij1234" + ".atlasv1.", 60)
    yield _token("Grafana token", "gl" + "sa_", 41, ALNUM + "_")
    yield _token("Stripe key", "sk" + "_live_", 24)
    yield _token("SendGrid key", "SG" + ".", 22, ALNUM, "." + made("grid", 43))
    yield _token("Twilio key", "S" + "K", 32, HEX)
    yield _token("DigitalOcean token", "do" + "p_v1_", 64, HEX)
    yield _token("Hugging Face token", "h" + "f_", 34)
    yield _token("OpenAI key", "s" + "k-proj-", 48)
    yield _token("Databricks token", "da" + "pi", 32, HEX)
    yield _token("Shopify token", "sh" + "pat_", 32, HEX)
    yield _token("Atlassian token", "AT" + "ATT3", 60)
    yield _token("Tailscale key", "ts" + "key-auth-", 30)
    yield _token("Pulumi token", "pu" + "l-", 40, HEX)
    yield _token("Doppler token", "dp" + ".pt.", 43)
    yield _token("bcrypt hash", "$2" + "b$12$", 53)
    for kind in ("RSA", "EC", "OPENSSH", "ENCRYPTED", "PGP", ""):
        yield _key(kind)
    yield _field("address with a password", "https://admin:", 20, "@db.example.org/x")
    yield _field("address with a token", "https://", 40, "@github.com/o/r.git")
    yield _field("database address", "postgres://app:", 20, "@10.0.0.5:5432/app")


def fields() -> Iterator[Planted]:
    """Secrets known by the name in front of them."""
    yield _field("AWS secret key", "aws_secret_access_key = ", 40)
    yield _field("Azure account key", "AccountName=a;AccountKey=", 84, "==;EndpointSuffix=x")
    yield _field("Azure shared access signature", "https://a.example.org/c?sv=1&sig=", 43)
    yield _field("password in YAML", "password: ")
    yield _field("password in quotes", 'adminPassword: "', 20, '"')
    yield _field("password in JSON", '{"db_password": "', 20, '", "a": 1}')
    yield _field("password in escaped JSON", '{\\"password\\":\\"', 20, '\\"}')
    yield _field("password of an environment line", "DB_PASSWORD=")
    yield _field("passphrase", "passphrase=")
    yield _field("token in YAML", "  cloudflareToken: ", 40)
    yield _field("token as a flag", "tool --token ", 30)
    yield _field("password as a flag", "tool --db-password=", 30)
    yield _field("kubectl literal", "kubectl create secret generic x --from-literal=other=", 20)
    yield _field("curl user", "curl -u admin:", 20, " https://example.org")
    yield _field("bearer header", "Authorization: Bearer ", 40)
    yield _field("key header", "X-Api-Key: ", 40)
    yield _field("private-token header", "PRIVATE-TOKEN: ", 30)
    yield _field("npm registry", "//registry.example.org/:_authToken=", 36)
    yield _field("docker login", '"auths": {"a": {"auth": "', 40, '"}}')
    yield _field("netrc", "machine a.example.org login me password ", 20)
    yield _field("WireGuard key", "PrivateKey = ", 43, sign="=")
    yield _field("kubeadm certificate key", "kubeadm join --certificate-key ", 64)
    yield _field("kubeconfig client key", "    client-key-data: ", 120)
    yield _field("connection string", "Server=a;User=b;Password=", 20, ";Encrypt=true")
    yield _field("client secret", "client_secret: ", 40)
    secret = "correct horse battery staple nine"
    yield Planted("password of many words", f"db-password: {secret}", secret)
    secret = base64.b64encode(f"me:{made('basic', 20)}".encode()).decode()
    yield Planted("basic header", f"Authorization: Basic {secret}", secret)


def manifests() -> Iterator[Planted]:
    """Secrets known by the object they stand in. `{0}` stands for the value."""
    plain, coded = made("plain", 18), made("coded", 18)
    encoded = base64.b64encode(coded.encode()).decode()
    head = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: planted\n"
    yield Planted("Secret stringData", f"{head}stringData:\n  anything: {plain}\n", plain)
    yield Planted("Secret data", f"{head}data:\n  anything: {encoded}\n", encoded)
    yield Planted(
        "Secret of kubectl", f"apiVersion: v1\ndata:\n  x: {encoded}\nkind: Secret\n", coded
    )
    block = f"{head}stringData:\n  file.txt: |\n    first {plain}\n    second\n"
    yield Planted("Secret with a block", block, plain)
    one = '{"apiVersion":"v1","kind":"Secret","data":{"x":"' + encoded + '"}}'
    yield Planted("Secret as JSON", one, encoded)
    many = '{\n  "kind": "Secret",\n  "stringData": {\n    "x": "' + plain + '"\n  }\n}'
    yield Planted("Secret as lines of JSON", many, plain)
    made_of = f"secretGenerator:\n- name: a\n  literals:\n  - other={plain}\n"
    yield Planted("literals of a generator", made_of, plain)


def _jwt() -> Planted:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(b'{"sub":"someone","n":12345}').decode().rstrip("=")
    text = f"{head}.{body}.{made('jwt', 43, URL)}"
    return Planted("JSON web token", text, text)


def all_planted() -> list[Planted]:
    """Every kind."""
    return [*tokens(), *fields(), *manifests()]
