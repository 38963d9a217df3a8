"""Where an error belongs, when the code that raises it cannot know. It knows only errors."""

from __future__ import annotations

from storyrunner.errors import Place, StoryrunnerError


class Placed:
    """A context that gives errors without a place its own: the entry or resource at work."""

    def __init__(self, place: Place | None) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, StoryrunnerError) and error.place is None:
            error.place = self._place
