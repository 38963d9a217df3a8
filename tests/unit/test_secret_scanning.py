"""What is found before a commit, and what must not be: a scan that cries wolf is switched off."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from storyrunner.redaction.scanning import secrets_in
from tests.support.planted import Planted, all_planted, made
from tests.support.repositories import from_corpus

PLANTED = all_planted()
KINDS = [item.kind for item in PLANTED]
CERTIFICATE = "-----BEGIN CERTIFICATE-----\n" + made("cert", 64) + "\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("planted", PLANTED, ids=KINDS)
def test_every_kind_is_found_at_its_line(planted: Planted) -> None:
    text = f"first\nsecond\n{planted.text}\nlast\n"
    found = secrets_in(text.encode())
    lines = text.split("\n")
    assert found
    assert all(3 <= item.line < len(lines) - 1 for item in found)
    assert planted.secret not in repr(found)


@pytest.mark.parametrize("planted", PLANTED[::7], ids=KINDS[::7])
def test_line_ends_of_windows_and_bytes_that_are_no_text_hide_nothing(planted: Planted) -> None:
    lines = planted.text.replace("\n", "\r\n").encode()
    assert secrets_in(b"\xff\xfe first\r\n" + lines + b"\r\nlast\0\r\n")


def test_a_private_key_is_one_finding_at_its_first_line() -> None:
    key = next(item for item in PLANTED if item.kind == "RSA private key")
    assert [(item.line, item.kind) for item in secrets_in(f"\n\n{key.text}\n".encode())] == [
        (3, "a private key")
    ]


def test_each_value_of_a_plain_secret_is_found() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  a: one1\n  b: two2\n"
    assert [item.line for item in secrets_in(text.encode())] == [5, 6]


HARMLESS = {
    "a Secret that SOPS encrypted": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n"
    "stringData:\n"
    "  password: ENC[AES256_GCM,data:Zm9vYmFy,iv:MTIz,tag:NDU2,type:str]\nsops:\n  age:\n"
    "    - recipient: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kd5y5x6s4u8mvm\n      enc: |\n"
    "        -----BEGIN AGE ENCRYPTED FILE-----\n        YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+\n"
    "        -----END AGE ENCRYPTED FILE-----\n"
    "  mac: ENC[AES256_GCM,data:Zm9v,iv:MTIz,tag:N,type:str]\n",
    "an ExternalSecret": "kind: ExternalSecret\nspec:\n  target:\n    name: cloudflare-api-token\n"
    "  data:\n    - secretKey: api-token\n      remoteRef:\n        key: cloudflare\n"
    "        property: credential\n",
    "a Secret of variables": "kind: Secret\nstringData:\n"
    "  domain: ${SECRET_DOMAIN}\n  p: ${PASSWORD}\n",
    "a Secret without values": "kind: Secret\nmetadata:\n  name: a\ntype: Opaque\ndata: {}\n",
    "a placeholder": 'kind: Secret\nstringData:\n  token: "PLACEHOLDER_TOKEN_AFTER_BOOTSTRAP"\n',
    "a ConfigMap": "kind: ConfigMap\ndata:\n"
    "  SECRET_DOMAIN: infra.demo.example\n  CIDR: 10.0.0.0/8\n",
    "a reference into 1Password": "token: op://Infra/cloudflare/api-token\n",
    "a digest": f"image: nginx@sha256:{'0a1b2c3d' * 8}\n",
    "a commit": f"ref: {'0a1b2c3d4e' * 4}\n",
    "names of Secrets": "secretName: wildcard-tls\nprivateKeySecretRef: {name: letsencrypt}\n"
    "apiTokenSecretRef:\n  name: cloudflare\n  key: api-token\nexistingSecret: grafana-admin\n",
    "a certificate": CERTIFICATE,
    "a policy of keys": "privateKey:\n  rotationPolicy: Always\n  algorithm: ECDSA\n",
    "words about secrets": "# Secrets: 1Password, read by External Secrets\n"
    "The token is wrong. A secret: found.\n",
    "a header with a variable": '-H "Authorization: Bearer $TOKEN"\n',
    "a comparison": 'select(.secretKey == "api-token")\n',
    "nothing": "",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_is_no_secret_stops_no_commit(text: str) -> None:
    assert secrets_in(text.encode()) == []


def test_templates_and_runbooks_that_ship_hold_no_secret(checkout: Path) -> None:
    files = [path for name in ("manifests", "runbooks") for path in (checkout / name).rglob("*")]
    found = {str(path): secrets_in(path.read_bytes()) for path in files if path.is_file()}
    assert len(found) > 20
    assert {path: hits for path, hits in found.items() if hits} == {}


@pytest.mark.shared
def test_a_real_repository_and_its_stories_hold_no_secret(shared: Path, tmp_path: Path) -> None:
    root = from_corpus(shared / "corpus" / "repo-after", tmp_path / "repo")
    stories = sorted((shared / "corpus" / "stories").rglob("*.md"))
    files = [path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts]
    found = {str(path): secrets_in(path.read_bytes()) for path in (*files, *stories)}
    assert len(files) >= 12
    assert {path: hits for path, hits in found.items() if hits} == {}


def test_the_detectors_are_loaded_by_a_scan_only() -> None:
    import subprocess

    code = (
        "import sys; import storyrunner.redaction, storyrunner.steps.kinds;"
        "import storyrunner.cli.commands;"
        "sys.exit(any(name.startswith('detect_secrets') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0
