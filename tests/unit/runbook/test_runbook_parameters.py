"""Values: the command line before the repository's toml before its files before the default."""

from __future__ import annotations

import pytest

from storyrunner.errors import Place, RunbookError, UsageError
from storyrunner.model.cluster import Cluster
from storyrunner.model.runbook import Found, Parameter, Runbook
from storyrunner.runbook.parameters import (
    Given,
    MissingValueError,
    Values,
    complaint,
    parse_config,
    parse_settings,
)

BLUE = Cluster(name="blue", directory="c/blue", settings="c/blue/s.yaml", kustomizations="c/b.yaml")
RED = Cluster(name="red", directory="c/red", settings="c/red/s.yaml", kustomizations="c/r.yaml")


def runbook(**parameters: Parameter) -> Runbook:
    """A runbook with nothing but two clusters and parameters."""
    return Runbook(
        name="small",
        story="STORY-SMALL",
        number=1,
        title="Small",
        tasks=(),
        criteria=(),
        clusters=(BLUE, RED),
        parameters=parameters,
    )


BOOK = runbook(
    domain=Parameter(description="D.", type="domain", scope="cluster", found=Found(setting="D")),
    email=Parameter(
        description="E.",
        type="email",
        scope="cluster",
        default="admin@[[ domain ]]",
        found=Found(setting="E"),
    ),
    folder=Parameter(description="F.", type="path", default="apps/[[ name ]]"),
    name=Parameter(description="N.", type="name", default="small", pattern="[a-z]+"),
    bare=Parameter(description="Nobody knows."),
)


class Repository:
    """A Lookup that answers from a table and counts the questions."""

    def __init__(self, **settings: str) -> None:
        self.settings = settings
        self.asked = 0

    def __call__(self, found: Found, cluster: Cluster | None) -> tuple[str, Place] | None:
        """`blue_D` of the table."""
        self.asked += 1
        name = f"{cluster.name if cluster else ''}_{found.setting}"
        text = self.settings.get(name)
        return None if text is None else (text, Place("s.yaml", 3, 5))


def values(repository: Repository | None = None, *given: Given) -> Values:
    """Values of the small runbook."""
    return Values(BOOK, repository or Repository(), given)


def test_the_order_is_given_then_found_then_default() -> None:
    repository = Repository(blue_D="blue.example", blue_E="me@blue.example")
    found = values(repository)
    assert found.value("email", "blue").text == "me@blue.example"  # type: ignore[union-attr]
    assert found.value("email", "blue").origin == "read from s.yaml:3:5"  # type: ignore[union-attr]
    given = values(repository, Given("email", "you@x.example", "", "--set"))
    assert given.fill("[[ email ]]", "blue") == "you@x.example"
    assert given.value("email", "blue").origin == "--set"  # type: ignore[union-attr]
    plain = values(Repository(blue_D="blue.example"))
    assert plain.fill("[[ email ]]", "blue") == "admin@blue.example"
    assert plain.value("email", "blue").origin == "default"  # type: ignore[union-attr]


def test_a_value_for_one_cluster_is_for_that_one_only() -> None:
    repository = Repository(blue_D="blue.example", red_D="red.example")
    found = values(repository, Given("email", "you@x.example", "red", "--set"))
    assert found.fill("[[ email ]]", "red") == "you@x.example"
    assert found.fill("[[ email ]]", "blue") == "admin@blue.example"


def test_set_goes_before_the_toml_and_a_cluster_before_all() -> None:
    toml = b'[parameters]\nname = "all"\n[parameters.blue]\nname = "one"\n'
    config = parse_config(BOOK, toml)
    found = values(None, *config)
    assert (found.fill("[[ name ]]", "blue"), found.fill("[[ name ]]", "red")) == ("one", "all")
    both = values(None, *parse_settings(BOOK, ["name=told"]), *config)
    assert both.fill("[[ name ]]", "red") == "told"


def test_defaults_may_rest_on_other_parameters() -> None:
    assert values().fill("[[ folder ]]/x") == "apps/small/x"
    assert values(None, Given("name", "big", "", "--set")).fill("[[folder]]") == "apps/big"


def test_defaults_that_rest_on_themselves_are_missing_and_no_endless_loop() -> None:
    book = runbook(
        one=Parameter(description="1.", default="[[ two ]]"),
        two=Parameter(description="2.", default="[[ one ]]"),
    )
    with pytest.raises(MissingValueError):
        Values(book, Repository()).fill("[[ one ]]")


def test_the_facts_of_a_cluster_can_be_named() -> None:
    text = "[[ cluster ]] [[ settings ]] [[ kustomizations ]] [[ directory ]]"
    assert values().fill(text, "blue") == "blue c/blue/s.yaml c/b.yaml c/blue"
    with pytest.raises(RunbookError, match="only known for a cluster"):
        values().fill("[[ cluster ]]")


def test_a_value_that_nobody_has_says_how_to_give_it() -> None:
    with pytest.raises(MissingValueError) as caught:
        values().fill("[[ domain ]]", "red")
    assert caught.value.message == "domain has no value for red: D."
    assert caught.value.hint == "give it with --set red.domain=VALUE"
    with pytest.raises(MissingValueError, match=r"bare has no value: Nobody knows\."):
        values().fill("[[ bare ]]")


def test_an_empty_setting_is_no_value() -> None:
    found = values(Repository(blue_D="blue.example", blue_E=""))
    assert found.fill("[[ email ]]", "blue") == "admin@blue.example"
    with pytest.raises(MissingValueError):
        values(Repository(blue_D="")).fill("[[ domain ]]", "blue")


def test_values_are_read_once_until_forgotten() -> None:
    repository = Repository(blue_D="blue.example")
    found = values(repository)
    assert [found.fill("[[ domain ]]", "blue") for _ in range(3)] == ["blue.example"] * 3
    assert repository.asked == 1
    repository.settings["blue_D"] = "new.example"
    found.forget()
    assert found.fill("[[ domain ]]", "blue") == "new.example"


def test_values_are_not_templates_themselves() -> None:
    found = values(None, Given("bare", "[[ name ]]", "", "--set"))
    assert found.fill("[[ bare ]]") == "[[ name ]]"


def test_flux_variables_and_go_templates_stay_as_they_are() -> None:
    text = "${DOMAIN} {{ .x }} [[ x y ]] [[]] [["
    assert values().fill(text) == text


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("email", ["a@b.cc", "a+b@c.d.ee"], ["a", "a@b", "a b@c.dd", "a@b.cc\n", ""]),
        (
            "domain",
            ["a.bc", "x-y.example.org"],
            ["a", "A.bc", "*.a.bc", "a..bc", "-a.bc", "a.bc.", " a.bc"],
        ),
        (
            "path",
            ["a", "a/b-c.d", "./a"],
            ["/a", "../a", "a/../b", "a b", "a\\b", "", "a\nb", "a*"],
        ),
        ("name", ["a", "a-b.c", "1"], ["A", "-a", "a-", "a_b", ""]),
        ("text", ["", "any text: [x]"], ["a\nb", "\x1b[31m", "a\x00"]),
    ],
)
def test_each_type_takes_what_it_means(type_: str, good: list[str], bad: list[str]) -> None:
    parameter = Parameter(description="x", type=type_)  # type: ignore[arg-type]
    assert [text for text in good if complaint(parameter, text)] == []
    assert [text for text in bad if not complaint(parameter, text)] == []


def test_a_pattern_must_match_the_whole_value() -> None:
    parameter = BOOK.parameters["name"]
    assert complaint(parameter, "abc") == ""
    assert "does not match [a-z]+" in complaint(parameter, "abc1")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("name", "expected [cluster.]NAME=VALUE"),
        ("=x", "no parameter "),
        ("nam=x", "no parameter nam"),
        ("green.name=x", "no cluster green"),
        ("name=A", "is not a name"),
        ("email=x", "is not an email"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(setting: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(BOOK, [setting])
    assert said in caught.value.message


def test_a_value_may_hold_equals_and_dots() -> None:
    assert parse_settings(BOOK, ["bare=a=b.c"]) == [Given("bare", "a=b.c", "", "--set")]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (b"[parameters", "not valid TOML"),
        (b"\xff", "not valid TOML"),
        (b"parameters = 1", "must be a table"),
        (b'[parameters.green]\nname = "x"', "no cluster green"),
        (b"[parameters]\nname = 1.5", "a text is needed"),
        (b"[parameters]\nname = false", "a text is needed"),
        (b"[parameters.blue]\nname = []", "a text is needed"),
        (b'[parameters]\nemail = "x"', "is not an email"),
        (b'[parameters]\nnamee = "x"', "no parameter namee"),
        (b'[parameters.blue]\nnamee = "x"', "no parameter namee"),
    ],
)
def test_a_toml_that_does_not_fit_is_refused(toml: bytes, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_config(BOOK, toml)
    assert said in caught.value.message


def test_a_toml_for_other_runbooks_too_is_fine() -> None:
    toml = b"""
[parameters]
other = "x"
name = "abc"
[parameters.blue]
other = "y"
[tool]
a = 1
"""
    assert parse_config(BOOK, toml, lambda: {"other"}) == [
        Given("name", "abc", "", "storyrunner.toml")
    ]
