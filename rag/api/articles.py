"""/api/articles: the articles that answers stand on; listed, read, added, removed."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Query, UploadFile
from fastapi.concurrency import run_in_threadpool

from rag.api.door import AddArticles, Door
from rag.api.errors import ApiError
from rag.api.schemas import Day
from rag.present import article_value, info_value
from rag.types import Filters

_MOST_FILES = 100
_PIECE = 1 << 20  # bytes
_LONGEST_ID = 200  # characters, of one that is not there


def router(door: Door) -> APIRouter:
    """The routes of articles."""
    routes = APIRouter(prefix="/api/articles", tags=["articles"])
    store = door.bot.store
    may_read = [Depends(door.allow("read"))]
    may_manage = [Depends(door.allow("manage"))]

    @routes.get("", dependencies=may_read)
    @routes.get("/", dependencies=may_read, include_in_schema=False)  # else an id of no letters
    def listed(
        search: Annotated[str | None, Query(max_length=500)] = None,
        date_from: Day | None = None,
        date_to: Day | None = None,
        source: Annotated[str | None, Query(max_length=500)] = None,
        language: Annotated[str | None, Query(max_length=16)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    ) -> dict[str, Any]:
        """A page of articles without their texts, newest first, and the number in all."""
        filters = Filters(date_from, date_to, source, language)
        found, total = store.articles(search=search, filters=filters, limit=limit, offset=offset)
        return {"articles": [info_value(a) for a in found], "total": total}

    @routes.post("", dependencies=may_manage)
    @routes.post("/", dependencies=may_manage, include_in_schema=False)
    async def add(
        files: Annotated[
            list[UploadFile],
            File(description=".txt .md .html .pdf .docx .jsonl .jsonl.gz, one or several"),
        ],
    ) -> dict[str, Any]:
        """Add articles from files; what is there already and unchanged stays as it is."""
        if door.add_articles is None:
            raise ApiError(403, "Articles cannot be added here.")
        if len(files) > _MOST_FILES:
            raise ApiError(422, f"files: send {_MOST_FILES} at a time at most.")
        added = await run_in_threadpool(_add, door.add_articles, files)
        return asdict(added)

    @routes.delete("/{article_id:path}", dependencies=may_manage)
    def remove(article_id: str) -> dict[str, Any]:
        """Take an article away; it can be restored for 30 days."""
        if not store.remove(article_id):
            raise _unknown(article_id)
        return {"article_id": article_id, "removed": True}

    @routes.post("/{article_id:path}/restore", dependencies=may_manage)
    def restore(article_id: str) -> dict[str, Any]:
        """Bring a removed article back."""
        if not store.undo_remove(article_id):
            raise ApiError(404, f"There is no removed article {article_id[:_LONGEST_ID]!r}.")
        return {"article_id": article_id, "removed": False}

    @routes.get("/{article_id:path}", dependencies=may_read)
    def read(article_id: str) -> dict[str, Any]:
        """An article with its text, its sentences and what of it is never quoted."""
        found = store.article(article_id)
        if found is None:
            raise _unknown(article_id)
        return article_value(found)

    return routes


def _add(add: AddArticles, files: list[UploadFile]) -> Any:
    """The uploads as files of a folder of their own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ordagrant-upload-") as folder:
        named = []
        for number, upload in enumerate(files):
            path = Path(folder) / str(number)
            with path.open("wb") as out:
                while piece := upload.file.read(_PIECE):
                    out.write(piece)
            named.append((upload.filename or "file", path))
        return add(named)


def _unknown(article_id: str) -> ApiError:
    return ApiError(404, f"There is no article {article_id[:_LONGEST_ID]!r}.")
