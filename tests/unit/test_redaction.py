"""No secret of any kind is left in a text, and nothing that is needed and harmless is taken."""

from __future__ import annotations

import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyrunner.errors import Place
from storyrunner.model.events import FindingMade
from storyrunner.model.finding import error
from storyrunner.redaction import MASK, Redactor, prints_secrets, redact, redact_argv
from tests.support.planted import Planted, all_planted, made

PLANTED = all_planted()
BEGIN = "-----BEGIN PRIVATE" + " KEY-----"

KINDS = [item.kind for item in PLANTED]


def test_at_least_forty_kinds_are_planted() -> None:
    assert len(set(KINDS)) == len(KINDS) >= 40


AROUND = (
    "{}",
    "before\n{}\nafter",
    "+{}",
    "  {}  ",
    "error: {}",
    '"{}"',
    "x: '{}'",
    "got 'a\\n{}\\nb'",
)


def _fits(planted: Planted, around: str) -> bool:
    """Several lines are not put into one, nor quotes into quotes."""
    if "\n" in planted.text:
        return around in AROUND[:2]
    return not ('"' in around and '"' in planted.text)


@pytest.mark.parametrize("planted", PLANTED, ids=KINDS)
def test_a_secret_is_taken_out_wherever_it_stands(planted: Planted) -> None:
    for around in (one for one in AROUND if _fits(planted, one)):
        clean = redact(around.format(planted.text))
        assert planted.secret not in clean
        assert MASK in clean


@pytest.mark.parametrize("planted", PLANTED, ids=KINDS)
def test_a_secret_in_base64_is_taken_out(planted: Planted) -> None:
    assert planted.encoded not in redact(f"value {planted.encoded} end")


@pytest.mark.parametrize("planted", PLANTED, ids=KINDS)
def test_a_text_is_redacted_once_and_keeps_its_lines(planted: Planted) -> None:
    text = f"first\n{planted.text}\nlast"
    clean = redact(text)
    assert redact(clean) == clean
    assert clean.count("\n") == text.count("\n")
    assert clean.startswith("first\n")
    assert clean.endswith("\nlast")


@pytest.mark.parametrize("planted", PLANTED, ids=KINDS)
def test_a_secret_is_taken_out_of_output_that_comes_line_by_line(planted: Planted) -> None:
    redactor = Redactor()
    shown = [redactor.line("T1", "stdout", line) for line in planted.text.split("\n")]
    assert planted.secret not in "\n".join(shown)


HARMLESS = [
    "dnsZones: [${SECRET_DOMAIN}]",
    '  SECRET_DOMAIN: "infra.demo.example"',
    "password: ${DB_PASSWORD}",
    "password: op://Infrastructure/cloudflare/api-token",
    "op://Infrastructure/cloudflare/api-token",
    "password: ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]",
    "password: {{ .password }}",
    "token: <your token>",
    "secretName: wildcard-tls",
    "  apiTokenSecretRef:\n    name: cloudflare-api-token\n    key: api-token",
    "  privateKeySecretRef:\n    name: letsencrypt-production",
    "data:\n  - secretKey: api-token\n    remoteRef:\n      key: cloudflare\n      property: token",
    "existingSecret: grafana-admin",
    "Secret/cert-manager/cloudflare-api-token has no key api-token",
    "ExternalSecret/cert-manager/cloudflare-api-token: spec.refreshInterval is not a duration",
    "ExternalSecret/cert-manager/cloudflare-api-token: spec.dataFrom[0] is not a map",
    "2 checks did not pass: T9.2, CHECKS.16",
    "secret: not found",
    "token: expected a text, found a list",
    "  privateKey:\n    rotationPolicy: Always",
    "image: nginx@sha256:" + "0a1b2c3d" * 8,
    "sha256 " + "9f86d081" * 8,
    "commit 2242990a1b2c3d4e5f60718293a4b5c6d7e8f901",
    "kubernetes/infrastructure/security/cert-manager/externalsecret-cloudflare.yaml:12:5",
    "https://acme-v02.api.letsencrypt.org/directory",
    "git@github.com:example/gitops.git",
    "ssh://git@github.com/example/gitops.git",
    "kind: ConfigMap\ndata:\n  SECRET_DOMAIN: infra.demo.example\n  anything: Value1234",
    "kind: ExternalSecret\nspec:\n  data:\n    - secretKey: api-token",
    "substituteFrom:\n  - kind: Secret\n    name: cluster-secrets",
    "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
    "Basic authentication is off",
    "the password is wrong",
    "kubectl get secret cloudflare-api-token -n cert-manager",
    "kubectl rollout status deploy/cert-manager --timeout=60s",
    "uid: 3f0c1c1e-8a53-4a45-9d0c-8f3f1f0d2c11",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_needed_and_harmless_stays(text: str) -> None:
    assert redact(text) == text


def test_a_value_that_is_secret_by_its_name_goes_and_its_name_stays() -> None:
    assert (
        redact("admin_password: hunter2 # of the demo") == f"admin_password: {MASK} # of the demo"
    )
    assert redact('{"token":"aB3dE5","n":1}') == f'{{"token":"{MASK}","n":1}}'


def test_a_flag_is_known_in_every_letter_that_ignoring_case_finds() -> None:
    for flag in ("--my-token", "--TOKEN", "--client-\u017fecret", "--to\u212aen"):
        assert redact(f"run {flag} hunter2-9X") == f"run {flag} {MASK}"


def test_an_argument_is_redacted_within_its_quotes() -> None:
    shown = redact_argv(["tool", "--password", "two words", "--name", "x"])
    assert shown == f"tool --password '{MASK}' --name x"


# --- what was learned ----------------------------------------------------------------------------


def test_values_of_the_environment_are_known_wherever_they_appear() -> None:
    redactor = Redactor({"DEPLOY_TOKEN": "tulip-garden-9", "HOME": "/home/someone-x", "A_KEY": "1"})
    coded = base64.b64encode(b"tulip-garden-9").decode()
    longer = base64.b64encode(b"user:tulip-garden-9\n").decode()
    text = redactor.text(f"a tulip-garden-9 b {coded} c {longer} /home/someone-x 1")
    assert text == f"a {MASK} b {MASK} c {MASK} /home/someone-x 1"


def test_paths_and_domains_of_the_environment_are_no_secrets() -> None:
    redactor = Redactor({"SSH_KEY": "~/.ssh/id", "SECRET_DOMAIN": "infra.demo.example"})
    text = "~/.ssh/id infra.demo.example"
    assert redactor.text(text) == text


def test_the_value_of_a_secret_is_known_after_its_manifest_was_seen() -> None:
    redactor = Redactor()
    value = base64.b64encode(b"orchid-valley-7").decode()
    redactor.learn_object(
        {"kind": "Secret", "data": {"any": value}, "stringData": {"b": "plum-tree-3"}}
    )
    assert (
        redactor.text(f"got orchid-valley-7, {value}, plum-tree-3") == f"got {MASK}, {MASK}, {MASK}"
    )


def test_a_secret_in_output_is_remembered_for_what_is_said_later() -> None:
    redactor = Redactor()
    for line in ("kind: Secret", "stringData:", "  any: orchid-valley-7", "type: Opaque"):
        redactor.line("T1", "stdout", line)
    assert redactor.text("expected x, got orchid-valley-7") == f"expected x, got {MASK}"


def test_the_whole_output_of_a_command_that_prints_secrets_is_masked_and_remembered() -> None:
    redactor = Redactor()
    assert redactor.begin("T1", "op read op://vault/item/field") == "op read op://vault/item/field"
    assert redactor.line("T1", "stdout", "lavender hill") == MASK
    assert redactor.line("T1", "stderr", "a warning") == "a warning"
    assert redactor.text("it says lavender hill") == f"it says {MASK}"
    redactor.begin("T1", "git status")
    assert redactor.line("T1", "stdout", "on branch main") == "on branch main"


@pytest.mark.parametrize(
    "command",
    [
        "op read op://v/i/f",
        "op item get cloudflare --fields token",
        "kubectl get secret a -n b -o jsonpath='{.data.x}'",
        "kubectl -n b get secret/a -o yaml",
        "echo $X | base64 -d",
        "sops -d secrets.yaml",
        "sops decrypt secrets.yaml",
        "age --decrypt -i key.txt file.age",
        "vault kv get secret/a",
        "gh auth token",
        "aws secretsmanager get-secret-value --secret-id a",
        "gcloud auth print-access-token",
        "env",
        "printenv TOKEN",
    ],
)
def test_commands_that_print_secrets_are_known(command: str) -> None:
    assert prints_secrets(command)


@pytest.mark.parametrize(
    "command",
    [
        "kubectl get secret a -n b",
        "kubectl get externalsecret a -o yaml",
        "kubectl get pods -o yaml",
        "op --version",
        "git status",
        "flux build kustomization a --path ./kubernetes",
        "sops --version",
        "env FOO=1 make test",
        "yq '.spec.secretName' a.yaml",
    ],
)
def test_other_commands_are_not_taken_for_such(command: str) -> None:
    assert not prints_secrets(command)


def test_a_value_is_judged_by_the_name_that_stands_elsewhere() -> None:
    redactor = Redactor()
    assert redactor.named("db_password", "hunter2") == MASK
    assert redactor.named("domain", "infra.demo.example") == "infra.demo.example"
    assert redactor.named("token_key", "api-token") == "api-token"


# --- two versions of a file ----------------------------------------------------------------------


def test_a_changed_secret_still_differs_and_an_unchanged_one_does_not() -> None:
    before, after = "password: one1\ntoken: aB3same9\n", "password: two2\ntoken: aB3same9\n"
    old, new = Redactor().pair(before, after)
    assert old == f"password: {MASK}#1\ntoken: {MASK}#2\n"
    assert new == f"password: {MASK}#3\ntoken: {MASK}#2\n"


def test_a_numbered_mark_is_no_secret() -> None:
    assert redact(f"password: {MASK}#3") == f"password: {MASK}#3"


# --- whole events --------------------------------------------------------------------------------


def test_every_text_of_an_event_is_redacted_and_the_rest_is_as_it_was() -> None:
    event = FindingMade(
        "T1", error("rule", "password: hunter2", Place("a.yaml", 3), got="token=aB3x")
    )
    clean = Redactor().value(event)
    assert clean.finding.message == f"password: {MASK}"
    assert clean.finding.got == f"token={MASK}"
    assert clean.finding.place == event.finding.place
    untouched = FindingMade("T1", error("rule", "no such file", Place("a.yaml", 3)))
    assert Redactor().value(untouched) is untouched


# --- for every text ------------------------------------------------------------------------------


@given(st.text(max_size=300))
def test_any_text_keeps_its_lines_and_is_redacted_once(text: str) -> None:
    clean = redact(text)
    assert clean.count("\n") == text.count("\n")
    assert redact(clean) == clean


PIECES = st.sampled_from(
    (
        *("password", "token", ":", "=", " ", '"', "'", "\\", "\n", "${A}", "a1B2c3D4", "-"),
        *("kind: Secret\n", "data:\n", "  x: ", BEGIN, "://", "@", "{"),
        *("-----END PRIVATE KEY-----", "}", "[", ",", "|", "ghp_", "eyJ", "#", "---\n", MASK),
        "stringData:\n",
    )
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_texts_made_of_what_the_patterns_look_for_are_redacted_once(text: str) -> None:
    clean = redact(text)
    assert clean.count("\n") == text.count("\n")
    assert redact(clean) == clean


@given(st.recursive(st.text(max_size=40), lambda inner: st.lists(inner, max_size=4), max_leaves=12))
def test_data_that_is_redacted_is_still_data(value: object) -> None:
    assert json.loads(json.dumps(Redactor().value({"a": value})))


REPEATED = (
    *("a", "A", "-", "- ", "ab1", "a.b_", "password", "password:", "token=", "://", "a:b@", "eyJ"),
    *("eyJa.", BEGIN, "-----BEGIN ", "kind: Secret\n", "data:\n  ", '\\"'),
    *("'", '"', "= ", "op ", "kubectl get ", "x: ", "{", "$2b$", "gh", "A3-", " --", "bearer "),
    *("\n", "\t", "***", "dp.a.", '"data": {', "<", "${", "basic a", "-u a:", "login a ", " -p "),
)


@pytest.mark.parametrize("piece", REPEATED)
def test_no_text_makes_a_pattern_run_away(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = time.process_time()
    redact(text)
    prints_secrets(text)
    assert time.process_time() - began < 5  # linear: about 0.1; anything worse: minutes


def test_what_is_made_up_for_these_tests_is_the_same_each_time() -> None:
    assert made("a", 12) == made("a", 12) != made("b", 12)


@pytest.mark.parametrize(
    "text",
    [
        'HelmRelease/external-secrets/external-secrets: "OCIRepository" is not allowed',
        "ClusterSecretStore/external-secrets/onepassword: external-secrets.io/v1beta1 is gone",
        "in infra: Kustomization/flux-system/api-token: Spec.Path9 leads nowhere",
    ],
)
def test_what_is_said_of_an_object_stays_whatever_its_name(text: str) -> None:
    assert Redactor().text(text) == text


def test_what_is_said_of_a_secret_does_not() -> None:
    said = Redactor().text("Secret/shop/api-token: hunter2Xy9 is not allowed")
    assert "hunter2Xy9" not in said
