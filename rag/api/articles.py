"""/api/articles: the articles that answers stand on."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from rag.api.door import Door
from rag.api.errors import ApiError
from rag.present import article_value, info_value


def router(door: Door) -> APIRouter:
    """The routes of articles."""
    routes = APIRouter(tags=["articles"], dependencies=[Depends(door.allow("read"))])
    store = door.bot.store

    @routes.get("/api/articles")
    def articles(
        search: Annotated[str | None, Query(max_length=500)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    ) -> dict[str, Any]:
        found, total = store.articles(search=search, limit=limit, offset=offset)
        return {"articles": [info_value(a) for a in found], "total": total}

    @routes.get("/api/articles/{article_id:path}")
    def article(article_id: str) -> dict[str, Any]:
        found = store.article(article_id)
        if found is None:
            raise ApiError(404, f"There is no article {article_id!r}.")
        return article_value(found)

    return routes
