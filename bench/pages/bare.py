"""The least that the framework can answer: one page of a few words, no session, no database."""

from litestar import Litestar, MediaType, get

PAGE = "<!doctype html><html lang='en'><title>Hello</title><h1>Hello</h1></html>"


@get("/", media_type=MediaType.HTML)
async def hello() -> str:
    """Say hello."""
    return PAGE


app = Litestar([hello])
