"""Takes secrets out of text before it is shown or written, in one place for the whole program.

It knows what secrets look like, not who shows them: no step, no event, no file.
"""

from __future__ import annotations

from storyrunner.redaction.commands import prints_secrets, redact_argv
from storyrunner.redaction.marks import MASK
from storyrunner.redaction.redactor import Redactor, redact

__all__ = ["MASK", "Redactor", "prints_secrets", "redact", "redact_argv"]
