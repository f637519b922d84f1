"""/metrics: what a Prometheus server reads."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from rag.api.door import Door


def router(door: Door) -> APIRouter:
    """The route of the metrics; without any in the door there is none."""
    routes = APIRouter(tags=["health"], dependencies=[Depends(door.allow("manage"))])
    metrics = door.metrics
    if metrics is None:
        return routes

    @routes.get("/metrics", response_class=Response)
    def read() -> Response:
        """Metrics in Prometheus's text format."""
        articles, chunks = door.bot.store.count()
        metrics.articles.set(articles)
        metrics.chunks.set(chunks)
        metrics.in_hand.set(door.desk.in_hand)
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return routes
