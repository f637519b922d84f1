"""Every error that may reach a person, as one tree.

    OrdagrantError
    ├── SettingsError          a setting or option is wrong                      exit 2
    │   └── MissingExtra       an optional package is not installed              exit 2
    ├── InputError             one input (file, row, question) cannot be used    exit 1
    ├── ModelError             a model is missing, damaged or fails              exit 2
    │   └── LlmError           the LLM did not answer usably                     exit 1
    ├── PromptError            a prompt file is missing or has the wrong fields  exit 2
    └── StoreError             the data folder cannot be read or written         exit 2
        └── IndexMismatch      the index was made with another model or chunking exit 2

Each message is one clear sentence: what is wrong, with which file or setting, and what to do.
"""

from __future__ import annotations


class OrdagrantError(Exception):
    """The root: catch this to show a person `str(error)` and nothing else."""

    exit_status = 2


class SettingsError(OrdagrantError):
    """A setting, option or environment variable has a value that cannot be used."""


class MissingExtra(SettingsError):
    """An optional package is needed for what was asked."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs an optional package that is not installed: "
            f"run `pip install 'ordagrant[{extra}]'` and try again."
        )
        self.extra = extra


class InputError(OrdagrantError):
    """One input cannot be used; the rest can go on."""

    exit_status = 1


class ModelError(OrdagrantError):
    """A model's files are missing or damaged, or it failed to load."""


class LlmError(ModelError):
    """The LLM was reached but gave nothing usable, or could not be reached."""

    exit_status = 1


class PromptError(OrdagrantError):
    """A prompt file is missing, is not valid Jinja, or lacks a placeholder."""


class StoreError(OrdagrantError):
    """The data folder cannot be opened, read or written."""


class IndexMismatch(StoreError):
    """The index was made with another embedding model or chunking than the settings say."""
