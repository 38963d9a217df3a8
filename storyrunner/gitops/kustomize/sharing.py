"""Fields that kustomize holds as one: writing to one of them writes to all.

A label that is set where there was none (in the metadata, a selector, a template) is one node in
all these places of a resource, until a JSON patch copies them. So a later label, merge patch or
replacement that changes it in one place changes it everywhere. It knows nothing of labels.
"""

from __future__ import annotations

from typing import Any

from storyrunner.model.frozen import dataclass

Place = tuple[dict[str, Any], str]
"""A map of a resource's data, and a key in it."""


@dataclass(slots=True)
class Group:
    """Places that are one, and what they hold."""

    places: list[Place]
    value: Any


def share(groups: list[Group], created: list[Place]) -> None:
    """Note places that one write created; those with the same key are one from now on."""
    by_key: dict[str, list[Place]] = {}
    for holder, key in created:
        by_key.setdefault(key, []).append((holder, key))
    groups.extend(
        Group(places, places[0][0][key]) for key, places in by_key.items() if len(places) > 1
    )


def carry_over(groups: list[Group]) -> None:
    """To be called after every write: what changed in one place of a group changes in all.

    A place that is gone, or holds a map or a list now, leaves its group.
    """
    for group in groups:
        group.places = [one for one in group.places if _is_scalar(one)]
        written = [holder[key] for holder, key in group.places if holder[key] != group.value]
        if written:
            group.value = written[-1]
            for holder, key in group.places:
                holder[key] = group.value


def _is_scalar(place: Place) -> bool:
    holder, key = place
    return key in holder and not isinstance(holder[key], dict | list)
