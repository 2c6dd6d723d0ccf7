"""Files made up for tests, and what is found in them."""

import io
import json
from pathlib import Path
from typing import Any

from service.files.formats import HEAD, Format, reader, recognised
from service.files.opening import opened
from service.files.records import BEGINNING, ReadOptions, Record, Start, Taken

TEXT = (
    "The leaders met at the cosmodrome and spoke for hours about satellites, grain and railways. "
    "They will meet again next year, officials said."
)
PAGE = f"""<!DOCTYPE html><html lang="en"><head><title>Kim meets Putin</title>
<link rel="canonical" href="https://paper.example/kim"><meta property="article:published_time" content="2023-09-13">
<meta property="og:site_name" content="The Paper"></head>
<body><nav>Home News Sport</nav><article><h1>Kim meets Putin</h1><p>{TEXT}</p></article></body></html>"""


def found(data: bytes | str, kind: Format | None = None, start: Start = BEGINNING, **options: Any) -> list[Record]:
    """What is found in a file with some content."""
    content = data.encode() if isinstance(data, str) else data
    given = ReadOptions(**options)
    head = content[:HEAD]
    return list(reader(kind or recognised(head, given), head, given)(io.BytesIO(content), start))


def found_in(path: Path) -> list[Record]:
    """What is found in a file."""
    with opened(path) as file:
        kind = recognised(file.head, ReadOptions())
        return list(reader(kind, file.head, ReadOptions())(file.stream, BEGINNING))


def fields(record: Record) -> Any:
    """The fields of the article that was found."""
    assert isinstance(record.what, Taken), record.what
    return json.loads(record.what.data)
