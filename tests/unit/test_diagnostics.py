"""Every way the program can end becomes an exit code and words."""

from __future__ import annotations

from typing import NoReturn

import pytest

import storyrunner.reporters.json as reporter
from storyrunner.diagnostics import BUG, NOT_JUDGED, guarded


def test_a_module_whose_folder_cannot_be_opened_is_the_machines_fault(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work() -> NoReturn:
        raise ModuleNotFoundError("No module named …", name=reporter.__name__)

    assert guarded(work) == NOT_JUDGED
    told = capsys.readouterr().err
    assert "a file of the program cannot be read" in told
    assert "json.py" in told


@pytest.mark.parametrize("name", ["storyrunner.reporters.absent", "no_such_package", None])
def test_a_module_that_is_not_there_is_a_bug(
    name: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> NoReturn:
        raise ModuleNotFoundError("No module named …", name=name)

    assert guarded(work) == BUG
    assert "please attach" in capsys.readouterr().err


def test_a_name_that_a_module_lacks_is_a_bug_though_its_file_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work() -> NoReturn:
        raise ImportError("cannot import name 'x'", name=reporter.__name__)

    assert guarded(work) == BUG
    assert "please attach" in capsys.readouterr().err
