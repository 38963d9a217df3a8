"""The Textual front end: screens and widgets over the engine's event stream.

It may import `storyrunner`; `storyrunner` never imports it but for one late import in the CLI.
"""
