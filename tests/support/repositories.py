"""Repositories for tests: the demo as it starts, and finished by a real guided run."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
from pathlib import Path

from storyrunner.engine.demo import make_demo
from storyrunner.tools.process import OsRunner

SECURITY = "kubernetes/infrastructure/security"
FOLDER = f"{SECURITY}/cert-manager"
STORY = "docs/stories/STORY-SEC-CERT-MANAGER-ISSUERS.md"

ISSUERS = f"{FOLDER}/clusterissuers.yaml"
SECRET = f"{FOLDER}/externalsecret-cloudflare.yaml"
CERTIFICATE = f"{FOLDER}/wildcard-certificate.yaml"
RULE = f"{FOLDER}/prometheusrule.yaml"
KS = f"{FOLDER}/ks.yaml"
GLUE = f"{FOLDER}/kustomization.yaml"
LIST = f"{SECURITY}/kustomization.yaml"
INFRA = "kubernetes/clusters/infra/cluster-settings.yaml"
APPS = "kubernetes/clusters/apps/cluster-settings.yaml"


def start_demo(folder: Path) -> Path:
    """The demo repository as an engineer gets it."""
    asyncio.run(make_demo(folder, OsRunner()))
    return folder


def copy_repository(source: Path, target: Path) -> Path:
    """An independent copy, history included."""
    shutil.copytree(source, target, symlinks=True)
    return target


def from_corpus(source: Path, target: Path) -> Path:
    """A committed git repository made of a read-only corpus folder."""
    shutil.copytree(source, target)
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    init(target)
    return target


def init(folder: Path) -> None:
    """Make a git repository with one commit of everything."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Test")
    git(folder, "config", "user.email", "test@example.com")
    commit_all(folder, "start")


def commit_all(folder: Path, message: str) -> None:
    """Commit everything."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


def git(folder: Path, *args: str) -> str:
    """Run git and return what it printed."""
    done = subprocess.run(["git", *args], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fingerprint(folder: Path) -> str:
    """A hash of every name, mode, link and byte below a folder, `.git` included."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        digest.update(f"{path.relative_to(folder)}\0{status.st_mode}\0".encode())
        if path.is_symlink():
            digest.update(str(path.readlink()).encode())
        elif path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def replace(folder: Path, path: str, old: str, new: str) -> None:
    """Change text in a file; fails when it is not there."""
    file = folder / path
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path}"
    file.write_text(text.replace(old, new), encoding="utf-8")
