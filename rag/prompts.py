"""Prompts are files: `prompts/*.md`, Jinja, one for each task and, where it helps, language.

A file is a row of `{% chat role="system" %} … {% endchat %}` blocks (LlamaIndex's
`RichPromptTemplate` reads the same). Its placeholders are checked when it is loaded: a
misspelt one is an error at the start and not an empty place in a prompt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

from jinja2 import StrictUndefined, Template, TemplateError, meta
from jinja2.sandbox import SandboxedEnvironment

from rag.errors import PromptError

HERE = Path(__file__).resolve().parent
# Inside an installed package; next to it in a checkout.
FOLDERS = (HERE / "_prompts", HERE.parent / "prompts")
CHAT = re.compile(r'{%\s*chat\s+role="(\w+)"\s*%}(.*?){%\s*endchat\s*%}', re.DOTALL)
COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
Role = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant")


class Message(TypedDict):
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A loaded prompt: `render` fills the placeholders and gives the messages."""

    name: str
    messages: tuple[tuple[Role, Template], ...]
    placeholders: frozenset[str]

    def render(self, **values: Any) -> list[Message]:
        """The messages. Raises `PromptError` naming a missing value.

        Template syntax inside a value is text, never executed.
        """
        if lacking := sorted(self.placeholders - values.keys()):
            raise PromptError(f"The prompt {self.name} was given no value for {lacking[0]!r}.")
        try:
            return [
                Message(role=role, content=template.render(**values).strip())
                for role, template in self.messages
            ]
        except TemplateError as error:
            raise PromptError(f"The prompt {self.name} cannot be filled: {error}.") from None


def load_prompt(name: str, placeholders: frozenset[str] | set[str]) -> Prompt:
    """The prompt `prompts/<name>.md`, which must use exactly `placeholders`.

    Raises `PromptError` when the file is missing or not valid, or when it lacks a placeholder
    or uses one that nobody fills.
    """
    return _load(name, frozenset(placeholders), FOLDERS)


@cache
def _load(name: str, placeholders: frozenset[str], folders: tuple[Path, ...]) -> Prompt:
    path = next((f / f"{name}.md" for f in folders if (f / f"{name}.md").is_file()), None)
    if path is None:
        raise PromptError(
            f"The prompt {name}.md is missing from {folders[-1]}: restore it or reinstall."
        )
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"The prompt {path} cannot be read: {error}.") from None
    return _parse(path, source, placeholders)


def _parse(path: Path, source: str, placeholders: frozenset[str]) -> Prompt:
    environment = SandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    source = COMMENT.sub("", source)
    blocks = CHAT.findall(source)
    if not blocks or CHAT.sub("", source).strip():
        raise PromptError(
            f"The prompt {path} must consist of "
            f'{{% chat role="…" %}} … {{% endchat %}} blocks and nothing else.'
        )
    used: set[str] = set()
    messages = []
    for role, body in blocks:
        if role not in ROLES:
            raise PromptError(f"The prompt {path} has the role {role!r}: use {', '.join(ROLES)}.")
        try:
            used |= meta.find_undeclared_variables(environment.parse(body))
            messages.append((cast(Role, role), environment.from_string(body)))
        except TemplateError as error:
            raise PromptError(f"The prompt {path} is not valid Jinja: {error}.") from None
    if lacking := sorted(placeholders - used):
        raise PromptError(f"The prompt {path} lacks the placeholder {{{{ {lacking[0]} }}}}.")
    if unknown := sorted(used - placeholders):
        raise PromptError(
            f"The prompt {path} uses {{{{ {unknown[0]} }}}}, which nothing fills; "
            f"it may use {', '.join(sorted(placeholders)) or 'no placeholder'}."
        )
    return Prompt(path.stem, tuple(messages), placeholders)
