"""Values of a runbook's parameters: given, read back from the repository, or by default.

In this order: `--set`, the repository's `storyrunner.toml`, what the repository's files say, the
default. Nothing outside the repository and the command line is ever asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field

from storyrunner.errors import Place, RunbookError, UsageError
from storyrunner.gitops.near import did_you_mean
from storyrunner.model.cluster import Cluster
from storyrunner.model.frozen import dataclass
from storyrunner.model.runbook import Found, Parameter, Runbook
from storyrunner.runbook.consistency import PLACEHOLDER
from storyrunner.workspace import reads

CONFIG_FILE = "storyrunner.toml"

PATTERNS = {
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "domain": r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]",
    "path": r"[^\s\\:*?\"<>|\x00-\x1f]+",
    "name": r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?",
    "text": r"[^\x00-\x1f\x7f]*",
}
"""What each type of parameter looks like, matched as a whole."""

Lookup = Callable[[Found, Cluster | None], tuple[str, Place] | None]
"""Reads a parameter's present value from the repository: the value and where it stands."""


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter's value and where it came from, in words; `place` when it stands in a file."""

    text: str
    origin: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """Values from outside the files: `cluster` empty for all clusters. `origin` in words."""

    name: str
    text: str
    cluster: str
    origin: str


class MissingValueError(UsageError):
    """A placeholder whose parameter has no value: not given, not found, no default."""

    def __init__(self, name: str, cluster: str, description: str) -> None:
        where = f"{cluster}." if cluster else ""
        super().__init__(
            f"{name} has no value{f' for {cluster}' if cluster else ''}: {description}",
            hint=f"give it with --set {where}{name}=VALUE",
        )
        self.name = name


@dataclass(slots=True)
class Values:
    """The values of all parameters; read back anew after every write (`forget`)."""

    runbook: Runbook
    lookup: Lookup
    given: Sequence[Given] = ()
    _cache: dict[tuple[str, str], Value | None] = field(default_factory=dict)

    def forget(self) -> None:
        """Read the repository again at the next question."""
        self._cache.clear()

    def value(self, name: str, cluster: str = "") -> Value | None:
        """A parameter's value for a cluster; None when it has none."""
        key = (name, cluster)
        if key not in self._cache:
            self._cache[key] = None
            with reads.unrecorded():  # whoever asks first is not the only one who rests on it
                self._cache[key] = self._resolve(name, cluster)
        found = self._cache[key]
        label = f"{reads.PARAMETERS}{cluster}.{name}" if cluster else f"{reads.PARAMETERS}{name}"
        reads.note(label, reads.ABSENT if found is None else reads.text_fingerprint(found.text))
        return found

    def fill(self, text: str, cluster: str = "") -> str:
        """`text` with every `[[ name ]]` filled. Raises MissingValueError."""
        return PLACEHOLDER.sub(lambda match: self._text(match[1], cluster), text)

    def _text(self, name: str, cluster: str) -> str:
        built_in = self._built_in(name, cluster)
        if built_in is not None:
            return built_in
        found = self.value(name, cluster)
        if found is None:
            raise MissingValueError(name, cluster, self.runbook.parameters[name].description)
        return found.text

    def _built_in(self, name: str, cluster: str) -> str | None:
        here = self.runbook.cluster(cluster)
        if here is None or name in self.runbook.parameters:
            return None
        names = {
            "cluster": here.name,
            "settings": here.settings,
            "kustomizations": here.kustomizations,
            "directory": here.directory,
        }
        return names.get(name)

    def _resolve(self, name: str, cluster: str) -> Value | None:
        parameter = self.runbook.parameters.get(name)
        if parameter is None:
            raise RunbookError(f"{name} is only known for a cluster, and this step has none")
        for item in self.given:
            if item.name == name and item.cluster in ("", cluster):
                return Value(item.text, item.origin)
        found = self._found(parameter, cluster)
        if found is not None:
            return found
        if not parameter.default:
            return None
        try:
            return Value(self.fill(parameter.default, cluster), "default")
        except MissingValueError:
            return None

    def _found(self, parameter: Parameter, cluster: str) -> Value | None:
        if parameter.found is None:
            return None
        hit = self.lookup(parameter.found, self.runbook.cluster(cluster))
        return Value(hit[0], f"read from {hit[1]}", hit[1]) if hit and hit[0] else None


def complaint(parameter: Parameter, text: str) -> str:
    """What is wrong with a value, or an empty string."""
    if not re.fullmatch(PATTERNS[parameter.type], text):
        article = "an" if parameter.type[0] in "aeiou" else "a"
        return f"{text!r} is not {article} {parameter.type}"
    if parameter.type == "path" and (text.startswith("/") or ".." in text.split("/")):
        return f"{text!r} is not a path inside the repository"
    if parameter.pattern and not re.fullmatch(parameter.pattern, text):
        return f"{text!r} does not match {parameter.pattern}"
    return ""


def parse_settings(runbook: Runbook, settings: Sequence[str]) -> list[Given]:
    """`[cluster.]NAME=VALUE` of the command line. Raises UsageError."""
    found = []
    for setting in settings:
        target, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"--set {setting}: expected [cluster.]NAME=VALUE")
        cluster, dot, name = target.rpartition(".")
        found.append(_given(runbook, name, text, cluster if dot else "", "--set"))
    return sorted(found, key=lambda item: not item.cluster)


def parse_config(
    runbook: Runbook, data: bytes, elsewhere: Callable[[], Collection[str]] = tuple
) -> list[Given]:
    """The `[parameters]` of a `storyrunner.toml`, clusters as sub-tables. Raises UsageError.

    All runbooks of a repository share the file: a name among those that `elsewhere` gives, asked
    only when one is unknown here, is passed over.
    """
    import tomllib  # late: few repositories have the file

    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"line (\d+)", str(error))
        place = Place(CONFIG_FILE, int(line[1]) if line else 1)
        raise UsageError(f"not valid TOML: {error}", place=place) from error
    found: list[Given] = []
    parameters = table.get("parameters", {})
    if not isinstance(parameters, dict):
        raise UsageError("`parameters` must be a table", place=Place(CONFIG_FILE))
    for name, value, cluster in _entries(parameters):
        if name in runbook.parameters or name not in elsewhere():
            found.append(_given(runbook, name, _text(value, name), cluster, CONFIG_FILE))
    return sorted(found, key=lambda item: not item.cluster)


def _entries(parameters: Mapping[str, object]) -> Iterator[tuple[str, object, str]]:
    """Name, value and cluster of each, in order."""
    for key, item in parameters.items():
        if isinstance(item, dict):
            yield from ((name, value, key) for name, value in item.items())
        else:
            yield key, item, ""


def _text(value: object, name: str) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise UsageError(
        f"{CONFIG_FILE} {name}: a text is needed, not {value!r}", hint="write it in quotes"
    )


def _given(runbook: Runbook, name: str, text: str, cluster: str, origin: str) -> Given:
    if cluster and runbook.cluster(cluster) is None:
        names = [item.name for item in runbook.clusters]
        raise UsageError(f"{origin}: no cluster {cluster}", hint=did_you_mean(cluster, names))
    parameter = runbook.parameters.get(name)
    if parameter is None:
        hint = did_you_mean(name, runbook.parameters) or "known: " + ", ".join(runbook.parameters)
        raise UsageError(f"{origin}: no parameter {name}", hint=hint)
    if wrong := complaint(parameter, text):
        raise UsageError(f"{origin} {name}: {wrong}")
    return Given(name, text, cluster, origin)
