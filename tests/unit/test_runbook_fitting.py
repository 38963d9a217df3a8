"""The short way into a runbook's shapes gives what the validator gives, or nothing."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import pytest
from pydantic import TypeAdapter

from storyrunner.gitops.documents import load_file
from storyrunner.model.runbook import Runbook
from storyrunner.runbook.fitting import MisfitError, fit
from storyrunner.runbook.loader import shipped_runbooks
from storyrunner.runbook.schema import _meant_among, validate


@pytest.fixture(params=sorted(shipped_runbooks()))
def shipped(request: pytest.FixtureRequest) -> Any:
    """A runbook that ships, as its YAML reads."""
    return copy.deepcopy(load_file(shipped_runbooks()[request.param], request.param)[0].value)


def test_a_runbook_that_fits_is_what_the_validator_makes_of_it(shipped: Any) -> None:
    fitted = fit(shipped, Runbook, _meant_among)
    assert fitted == TypeAdapter(Runbook).validate_python(shipped)
    assert repr(fitted) == repr(TypeAdapter(Runbook).validate_python(shipped))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (("number",), "6"),
        (("number",), True),
        (("title",), 7),
        (("tasks",), {}),
        (("tasks", 0, "steps", 0, "timeout"), "5"),
        (("tasks", 0, "steps", 0, "kind"), "prayer"),
        (("tasks", 0, "steps", 0, "needs", 0, "tool"), "hammer"),
        (("parameters", 7), {"description": "a key that is no text"}),
        (("commit",), []),
    ],
)
def test_what_does_not_fit_to_the_letter_is_left_to_the_validator(
    shipped: Any, field: tuple[Any, ...], value: object
) -> None:
    changed = copy.deepcopy(shipped)
    here = changed
    for part in field[:-1]:
        here = here[part]
    here[field[-1]] = value
    with pytest.raises(MisfitError):
        fit(changed, Runbook, _meant_among)


def test_a_field_that_is_missing_does_not_fit(shipped: Any) -> None:
    del shipped["clusters"]
    with pytest.raises(MisfitError):
        fit(shipped, Runbook, _meant_among)
    assert "`clusters` is missing" in str(validate(shipped))


@pytest.mark.parametrize("number", ["6", True, 6.5])
def test_what_is_no_whole_number_is_not_taken_for_one(shipped: Any, number: object) -> None:
    shipped["number"] = number
    assert "`number`: input should be a valid integer" in str(validate(shipped))


def test_whole_seconds_become_a_float_as_the_validator_makes_them(shipped: Any) -> None:
    shipped["tasks"][0]["steps"][0]["timeout"] = 5
    fitted = fit(shipped, Runbook, _meant_among)
    assert repr(fitted) == repr(TypeAdapter(Runbook).validate_python(shipped))


def test_reading_a_runbook_that_fits_does_not_load_the_validator() -> None:
    code = (
        "import sys\n"
        "from storyrunner.runbook.loader import load_runbook, shipped_runbooks\n"
        "for path in shipped_runbooks().values(): load_runbook(path)\n"
        "assert 'pydantic' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
