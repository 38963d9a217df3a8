"""Secrets that are known by their form alone: keys, tokens, hooks, addresses with a password.

Each pattern has a cue, a literal that stands in every match: a text without it never pays for the
pattern, not even for compiling it. Every pattern runs in linear time: no repeat within a repeat.
"""

from __future__ import annotations

from re import Match

from storyrunner.redaction.marks import Masking, is_mark, lines_masked
from storyrunner.redaction.patterns import compiled

_B = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
"""Where a word begins, also after a line end that is spelled out."""

TOKENS: tuple[tuple[str, str], ...] = (
    ("AKIA", rf"{_B}AKIA[A-Z0-9]{{16}}"),
    ("ASIA", rf"{_B}ASIA[A-Z0-9]{{16}}"),
    ("ABSK", rf"{_B}ABSK[A-Za-z0-9+/]{{40,}}={{0,2}}"),
    ("AIza", rf"{_B}AIza[A-Za-z0-9_-]{{30,}}"),
    ("ya29.", rf"{_B}ya29\.[A-Za-z0-9_-]{{16,}}"),
    ("GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{16,}"),
    ("Q~", rf"{_B}[A-Za-z0-9_~.]{{3}}[0-9]Q~[A-Za-z0-9_~.-]{{31,34}}"),
    ("gh", rf"{_B}gh[pousr]_[A-Za-z0-9]{{16,}}"),
    ("github_pat_", r"github_pat_[A-Za-z0-9_]{16,}"),
    ("gl", rf"{_B}gl[a-z]{{2,6}}-[A-Za-z0-9_-]{{16,}}"),
    ("GR1348941", r"GR1348941[A-Za-z0-9_-]{16,}"),
    ("xox", rf"{_B}xox[a-z]-(?:[0-9]-)?[A-Za-z0-9-]{{10,}}"),
    ("xapp-", r"xapp-[0-9]-[A-Za-z0-9-]{10,}"),
    ("hooks.slack.com", r"(?<=hooks\.slack\.com/)[a-z]+/[A-Za-z0-9_/+-]{12,}"),
    ("/api/webhooks/", r"(?<=/api/webhooks/)[0-9]+/[A-Za-z0-9_-]{16,}"),
    ("webhook.office.com", r"(?<=webhook\.office\.com/)webhookb2/[A-Za-z0-9@/_-]{16,}"),
    (":AA", r"(?<![0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}"),
    ("npm_", rf"{_B}npm_[A-Za-z0-9]{{20,}}"),
    ("pypi-", r"pypi-[A-Za-z0-9_-]{32,}"),
    ("rubygems_", r"rubygems_[a-f0-9]{32,}"),
    ("dckr_", r"dckr_[op]at_[A-Za-z0-9_-]{16,}"),
    ("eyJ", rf"{_B}eyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{8,}}(?:\.[A-Za-z0-9_-]*){{0,3}}"),
    ("ops_ey", r"ops_ey[A-Za-z0-9+/_=-]{16,}"),
    ("A3-", rf"{_B}A3-[A-Z0-9]{{6}}-[A-Z0-9]{{6,11}}(?:-[A-Z0-9]{{5}}){{3,4}}"),
    ("AGE-SECRET-KEY-", r"AGE-SECRET-KEY-[A-Z0-9-]{20,}"),
    ("hv", rf"{_B}hv[sbr]\.[A-Za-z0-9_-]{{16,}}"),
    (".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{32,}"),
    ("glsa_", r"glsa_[A-Za-z0-9_]{24,}"),
    ("glc_", r"glc_[A-Za-z0-9+/=]{24,}"),
    ("_live_", rf"{_B}[a-z]{{2}}_live_[A-Za-z0-9]{{10,}}"),
    ("_test_", rf"{_B}[srp]k_test_[A-Za-z0-9]{{10,}}"),
    ("whsec_", r"whsec_[A-Za-z0-9+/=]{16,}"),
    ("SG.", rf"{_B}SG\.[A-Za-z0-9_-]{{16,}}\.[A-Za-z0-9_-]{{16,}}"),
    ("SK", rf"{_B}SK[0-9a-f]{{32}}(?![0-9a-f])"),
    ("key-", rf"{_B}key-[0-9a-f]{{32}}(?![0-9a-f])"),
    ("-us", rf"{_B}[0-9a-f]{{32}}-us[0-9]{{1,2}}"),
    ("v1_", r"do[opr]_v1_[a-f0-9]{32,}"),
    ("hf_", rf"{_B}hf_[A-Za-z0-9]{{24,}}"),
    ("sk-", rf"{_B}sk-[A-Za-z0-9_-]{{20,}}"),
    ("dapi", rf"{_B}dapi[a-f0-9]{{32}}"),
    ("lin_api_", r"lin_api_[A-Za-z0-9]{20,}"),
    ("ntn_", rf"{_B}ntn_[A-Za-z0-9]{{30,}}"),
    ("PMAK-", r"PMAK-[A-Za-z0-9-]{30,}"),
    ("NRAK-", r"NRAK-[A-Z0-9]{20,}"),
    ("HRKU-", r"HRKU-[A-Za-z0-9_-]{20,}"),
    ("shp", rf"{_B}shp(?:at|ca|pa|ss)_[a-fA-F0-9]{{32}}"),
    ("sq0", rf"{_B}sq0[a-z]{{3}}-[A-Za-z0-9_-]{{20,}}"),
    ("AKCp", r"AKCp[A-Za-z0-9]{20,}"),
    ("ATATT3", r"ATATT3[A-Za-z0-9_=-]{20,}"),
    ("ATBB", rf"{_B}ATBB[A-Za-z0-9]{{20,}}"),
    ("tskey-", r"tskey-[a-z]+-[A-Za-z0-9-]{16,}"),
    ("dp.", rf"{_B}dp\.[a-z]{{2,5}}\.[A-Za-z0-9._-]{{30,}}"),
    ("pul-", rf"{_B}pul-[a-f0-9]{{40}}"),
    ("sntry", r"sntry[su]_[A-Za-z0-9+/=_-]{20,}"),
    ("pscale_", r"pscale_[a-z]+_[A-Za-z0-9._-]{20,}"),
    ("nfp_", rf"{_B}nfp_[A-Za-z0-9]{{30,}}"),
    ("sbp_", rf"{_B}sbp_[a-f0-9]{{30,}}"),
    ("v1.0-", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{100,}"),
    ("$2", r"\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{50,}"),
    ("$apr1$", r"\$apr1\$[^\s$]{1,16}\$[./A-Za-z0-9]{20,}"),
    ("$6$", r"\$6\$[^\s$]{1,32}\$[./A-Za-z0-9]{40,}"),
    ('"kty"', r'(?<="d":")[A-Za-z0-9_-]{16,}|(?<="d": ")[A-Za-z0-9_-]{16,}'),
)
"""Cue and pattern; what a pattern matches is the secret."""

_PEM = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
_USERINFO = r"(?<=://)([^\s/'\"<>?#@:]*)(:?)([^\s/'\"<>]*)@(?=[^\s/@]*)"


def without_tokens(text: str, masking: Masking) -> str:
    """`text` with every key, token and password of an address masked."""
    if "PRIVATE KEY" in text:
        text = compiled(_PEM).sub(lambda found: lines_masked(found[0], masking), text)
    for cue, pattern in TOKENS:
        if cue in text:
            text = compiled(pattern).sub(lambda found: masking(found[0]), text)
    if "://" in text and "@" in text:
        text = compiled(_USERINFO).sub(lambda found: _userinfo(found, masking), text)
    return text


def _userinfo(found: Match[str], masking: Masking) -> str:
    """Who is named stays (`git@`, `admin:…@`); a password, or a token in place of a name, goes."""
    user, colon, password = found[1], found[2], found[3]
    if colon and not is_mark(password) and not _is_variable(password):
        password = masking(password)
    if len(user) >= 16 and not is_mark(user) and not _is_variable(user):
        user = masking(user)
    return f"{user}{colon}{password}@"


def _is_variable(text: str) -> bool:
    return compiled(r"\$\{?\w+\}?|\{\{[^{}]*\}\}|").fullmatch(text) is not None
