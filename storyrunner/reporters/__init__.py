"""Consumers of the event stream that write it down. None of them knows the engine or a step."""
