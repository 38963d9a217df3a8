"""What no committed file may hold: paths of a machine, hosts of package registries, secrets."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

MACHINE = re.compile("|".join(["/wo" + "rk/", "/fa" + "rm/", "/ro" + "ot/", r"/home/[a-z]+/"]))
REGISTRIES = re.compile(
    "|".join(
        [
            r"pypi\." + "org",
            r"pytho" + r"nhosted\.org",
            r"registry\.np" + "mjs",
            r"proxy\." + r"golang\.org",
            r"sum\." + r"golang\.org",
            r"--(extra-)?index" + "-url ",
        ]
    )
)
KEYS = re.compile("BEGIN [A-Z ]*PRIVATE" + " KEY|ghp" + "_[A-Za-z0-9]{20}|AKIA" + "[0-9A-Z]{16}")


def committed(checkout: Path) -> list[Path]:
    """Every file that git has or would take; without git, every file of the known folders."""
    done = subprocess.run(
        ["git", "-C", str(checkout), "ls-files", "-co", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("not a git checkout: there is no list of committed files")
    paths = [checkout / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("wrong", [MACHINE, REGISTRIES, KEYS], ids=["paths", "registries", "keys"])
def test_no_file_names_this_machine_a_registry_or_a_key(
    checkout: Path, wrong: re.Pattern[str]
) -> None:
    files = committed(checkout)
    assert len(files) > 100
    found = []
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if wrong.search(line):
                found.append(f"{path.relative_to(checkout)}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)
