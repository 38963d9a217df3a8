"""The same promises, with inputs that coverage chose: skipped where atheris is not (make fuzz)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.conftest import Reached
from tests.faults.targets import TARGETS

FOLDER = "STORYRUNNER_ATHERIS"
RUNS = 20_000


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_that_reaches_new_code_breaks_a_promise(
    name: str, checkout: Path, tmp_path: Path, reached: Reached
) -> None:
    folder = os.environ.get(FOLDER, "")
    if not folder or not Path(folder, "atheris").is_dir():
        pytest.skip("atheris is not here: make fuzz installs it where it has a wheel")
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults.guided", name, str(RUNS), str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{checkout}{os.pathsep}{folder}"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    done = re.search(r"number_of_executed_units: (\d+)", ran.stderr)
    peak = re.search(r"peak_rss_mb: +(\d+)", ran.stderr)
    assert done is not None
    assert peak is not None
    told = f"no crash, none over 5 s, at most {peak[1]} MB"
    reached("fuzz, guided by coverage", name, int(done[1]), RUNS, told)
