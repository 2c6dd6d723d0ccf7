"""The templates of all pages."""

from functools import cache
from importlib.resources import files

from starlette.templating import Jinja2Templates

from service import pages


@cache
def templates() -> Jinja2Templates:
    """The templates, read once."""
    return Jinja2Templates(directory=str(files(pages).joinpath("templates")))
