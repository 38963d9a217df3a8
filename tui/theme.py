"""The one theme of the program, and the map from tones to theme variables.

Tones are named in the view models; here alone they become colours.
"""

from __future__ import annotations

from textual.content import Content
from textual.theme import Theme

THEME = Theme(
    name="storyrunner",
    primary="#6ea8fe",
    secondary="#8fa3bf",
    accent="#d08bdf",
    success="#79c98a",
    warning="#e0b35c",
    error="#ef7d7d",
    foreground="#d7dde8",
    background="#14171d",
    surface="#191d25",
    panel="#222832",
    dark=True,
    variables={
        "border-blurred": "#2f3745",
        "footer-key-foreground": "#6ea8fe",
        "scrollbar": "#2f3745",
        "scrollbar-hover": "#6ea8fe",
        "scrollbar-active": "#6ea8fe",
        "scrollbar-background": "#14171d",
        "scrollbar-background-hover": "#14171d",
        "scrollbar-background-active": "#14171d",
        "scrollbar-corner-color": "#14171d",
    },
)

STYLES: dict[str, str] = {
    "good": "$text-success",
    "bad": "bold $text-error",
    "broken": "bold $text-accent",
    "stale": "$text-warning",
    "human": "bold $text-primary",
    "plain": "bold $foreground",
    "text": "$foreground",
    "quiet": "$foreground-muted",
    "link": "$text-primary",
}
"""The style of each tone."""


def toned(text: str, tone: str) -> Content:
    """Text in the style of a tone; never markup."""
    return Content.styled(text, STYLES[tone])


def plain(text: str) -> Content:
    """Text as it is; never markup."""
    return Content(text)
