"""GET /widget.js: the bubble that a page of another site brings the bot in with, in one line.

The script is for anyone; what it may ask is a matter of the origin it runs on and of its key.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rag.api.door import Door

PATH = "/widget.js"

_HEADERS = {
    # A page may demand of all it brings in that it says so.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=300",
}


_SCRIPT = {"text/javascript": {"schema": {"type": "string"}}}
_DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The script.", "content": _SCRIPT},
    304: {"description": "Unchanged."},
}


def router(door: Door) -> APIRouter:
    """The route of the widget's script."""
    routes = APIRouter(tags=["widget"])
    script = files("rag.api").joinpath("assets/widget.js").read_bytes()
    tag = f'"{hashlib.sha256(script).hexdigest()[:32]}"'

    @routes.get(PATH, response_class=Response, responses=_DESCRIBED)
    def widget(request: Request) -> Response:
        """The script of the widget: `<script src="…/widget.js" defer></script>` in any page."""
        headers = {**_HEADERS, "ETag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(script, media_type="text/javascript", headers=headers)

    return routes
