"""A repository can keep templates of its own; they go before those that ship."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run
from tests.support.repositories import CERTIFICATE, commit_all

SHIPPED = Path(__file__).resolve().parents[2] / "manifests/cert-manager/wildcard-certificate.yaml"


def test_a_template_of_the_repository_goes_before_the_one_that_ships(run: Run, demo: Path) -> None:
    own = demo / ".storyrunner/manifests/cert-manager/wildcard-certificate.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("# ours\n" + SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    commit_all(demo, "a template of our own")
    assert run("run", "--yes", "-C", demo).code == 0
    assert (demo / CERTIFICATE).read_text(encoding="utf-8").startswith("# ours\n")


def test_only_a_task_looks_at_the_requirements_it_needs_and_writes_nothing_else(
    run: Run, demo: Path
) -> None:
    ran = run("run", "--yes", "--only", "T6", "-C", demo)
    assert ran.code == 0, ran.out
    assert not (demo / CERTIFICATE).exists()
    blocked = run("run", "--yes", "--only", "T7", "-C", demo)
    assert blocked.code == 1
    assert "needs T4.1" in blocked.out
