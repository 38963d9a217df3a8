"""The environment that started programs get: a few harmless names, never all of ours.

Tokens, kubeconfigs and proxies of the user stay behind. It must not know of any tool.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

ALLOWED = ("PATH", "HOME", "TMPDIR")
"""Variables that are taken over when they are set."""

DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"

SPARING = {"GOGC": "off", "GOMEMLIMIT": "1GiB"}
"""For programs in Go, as most are here: they live for moments, so that collecting no garbage saves
them a fourth of their time. The (soft) limit keeps a large build from growing without end."""


def environment(
    source: Mapping[str, str] | None = None, allow: Iterable[str] = (), **more: str
) -> dict[str, str]:
    """PATH, HOME, TMPDIR and `allow` out of `source` (default: ours), LANG and SPARING, and `more`
    over them.

    For `Command.env`, which is a command's whole environment.
    """
    given = os.environ if source is None else source
    result = {"PATH": DEFAULT_PATH, "LANG": "C.UTF-8", **SPARING}
    result.update({name: given[name] for name in (*ALLOWED, *allow) if given.get(name)})
    return {**result, **more}
