"""The page that describes the API."""

import hashlib
import re
from base64 import b64encode

from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html

from service.access.requirements import PUBLIC, GuardedRoute
from service.security_headers import page_headers

SCRIPTS = "/static-offline-docs"
"""Where fastapi-offline serves what the page loads."""

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


@router.get("/docs", dependencies=[PUBLIC])
async def docs(request: Request) -> Response:
    """The page, which may run the script that it has and no other."""
    root = request.scope.get("root_path", "")
    page = get_swagger_ui_html(
        openapi_url=f"{root}{request.app.openapi_url}",
        title=request.app.title,
        swagger_js_url=f"{root}{SCRIPTS}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{SCRIPTS}/swagger-ui.css",
        swagger_favicon_url="data:,",
    )
    hashes = [f"'sha256-{_digest(script)}'" for script in _INLINE.findall(bytes(page.body).decode())]
    page.headers.update(
        page_headers(
            f"script-src 'self' {' '.join(hashes)}",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
        )
    )
    return page


def _digest(script: str) -> str:
    return b64encode(hashlib.sha256(script.encode()).digest()).decode()
