"""The site and the API of a store as one ASGI application."""

import logging
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import reduce
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from leaderbench.errors import LeaderbenchError
from leaderbench.sentences import Sentence
from leaderbench.web import api, drawing, files, pages, shown, words
from leaderbench.web.complaints import complaint
from leaderbench.web.conditional import Conditional, program, security
from leaderbench.web.live import AbsentError, LiveStore

log = logging.getLogger("leaderbench.web")


class _Site(FastAPI):
    """FastAPI makes its schema on first use, and wrongly where two threads are the first at once."""

    _turn = threading.Lock()

    def openapi(self) -> dict[str, Any]:
        with self._turn:
            return super().openapi()


def application(live: LiveStore, frame_ancestors: Sequence[str] = ()) -> FastAPI:
    """The site of a store. While it is served, changes of the store are picked up.

    Pages of the origins `frame_ancestors` may show it in a frame; others may not.
    """
    headers = security(frame_ancestors)

    @asynccontextmanager
    async def watched(_: FastAPI) -> AsyncIterator[None]:
        live.warm = shown.preparing.prepare
        live.start()
        try:
            yield
        finally:
            live.close()

    app = _Site(
        title="leaderbench",
        version=program(),
        description="Scores of language models with their uncertainty, down to every answer. Read only.",
        openapi_url=f"{api.prefix}/openapi.json",
        docs_url=None,  # its page loads scripts from another host
        redoc_url=None,
        lifespan=watched,
    )
    app.include_router(api.router(live))
    for language in words.languages:
        words.translations(language)  # read once, before anybody waits for it
        app.include_router(pages.router(live, language))
    _files(app, live)
    _refusals(app, live, headers)
    # A board takes half a millisecond at the lowest level, less than a thread of its own would; a fifth more bytes.
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=1, thread_minimum_size=1 << 20)
    app.add_middleware(Conditional, state=live.tag, unchanging=files.prefix, headers=headers)
    return app


def _files(app: FastAPI, live: LiveStore) -> None:
    """The front door, and the files that pages load."""
    known = {address: name for name, address in files.addresses().items()}

    @app.get("/", include_in_schema=False)
    def front(request: Request) -> Response:
        language, start = words.preferred(request.headers.get("accept-language", "")), live.site().site.start
        known = start in shown.boards.known_boards(live)
        return RedirectResponse(drawing.address(language, "boards", start) if known else f"/{language}/")

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> Response:
        own = live.site().icon
        return RedirectResponse(own.address if own else files.addresses()["icon.svg"])

    @app.get("/robots.txt", include_in_schema=False)
    def robots() -> Response:
        # Pages are for everybody; a program that follows every filter of every board would never end.
        return Response("User-agent: *\nDisallow: /api/\nDisallow: /*?\n", media_type="text/plain")

    @app.get("/docs", include_in_schema=False)
    def documentation(request: Request) -> Response:
        return RedirectResponse(f"/{words.preferred(request.headers.get('accept-language', ''))}/about")

    @app.get("/static/{digest}/{name}", include_in_schema=False)
    def file(request: Request, digest: str, name: str) -> Response:
        found = known.get(f"{files.prefix}{digest}/{name}")
        for own in (live.site().logo, live.site().icon):
            if own is not None and own.address == f"{files.prefix}{digest}/{name}":
                return Response(own.content, media_type=own.kind)
        if found is None:
            raise HTTPException(404)
        headers = {"vary": "accept-encoding"}
        if "accept-encoding" in request.headers:  # `Conditional` leaves it where gzip may be sent
            packed = headers | {"content-encoding": "gzip"}
            return Response(files.compressed(found), media_type=files.kinds[found], headers=packed)
        return Response(files.content(found), media_type=files.kinds[found], headers=headers)


def _refusals(app: FastAPI, live: LiveStore, headers: Mapping[str, str]) -> None:
    """What a reader is told where there is no answer: a sentence, as JSON or on a page."""

    def refuse(request: Request, status: int, sentence: str) -> Response:
        if not request.url.path.startswith(("/en/", "/zh/")):
            content = sentence.encode("utf-8", "replace").decode()
            return JSONResponse({"detail": content}, status)
        language = request.url.path[1:3]
        return drawing.page(live, request, language, "error.html.j2", {"status": status, "sentence": sentence}, status)

    @app.exception_handler(AbsentError)
    def absent(request: Request, error: AbsentError) -> Response:
        return refuse(request, 404, live.told(error))

    @app.exception_handler(LeaderbenchError)
    def unusable(request: Request, error: LeaderbenchError) -> Response:
        return refuse(request, 409, live.told(error))

    @app.exception_handler(RequestValidationError)
    def wrong(request: Request, error: RequestValidationError) -> Response:
        told = [complaint(item) for item in error.errors()[:5]]
        both = reduce(lambda one, other: Sentence("{one}; {other}", one=one, other=other), told)
        return refuse(request, 422, Sentence("This address cannot be answered: {why}.", why=both))

    @app.exception_handler(HTTPException)
    def other(request: Request, error: HTTPException) -> Response:
        sentences = {
            404: Sentence("There is nothing at this address."),
            405: Sentence("Only GET is answered here."),
        }
        answer = refuse(request, error.status_code, sentences.get(error.status_code, str(error.detail)))
        answer.headers.update({**(error.headers or {}), **({"allow": "GET, HEAD"} if error.status_code == 405 else {})})
        return answer

    @app.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> Response:
        log.error("%s %r failed.", request.method, request.url.path, exc_info=error)
        sentence = Sentence("This is an error that nobody foresaw; the server's own output says more.")
        answer = refuse(request, 500, sentence)
        answer.headers.update({**headers, "cache-control": "no-store"})  # such an answer goes out past `Conditional`
        return answer
