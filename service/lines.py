"""An article from a line of JSON, in a batch or a file."""

from pydantic import ValidationError

from index import Article
from service.problems import Problem, make_problem, validation_problem

FIELDS = (*Article.model_fields, "language")
"""What an article may have."""


def read_article(line: bytes, root: str = "the line") -> Article | Problem:
    """The article on a line, or what is wrong with the line; `root` is what to call it."""
    try:
        return Article.model_validate_json(line)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        if errors[0]["type"] == "json_invalid":
            return make_problem(400, "bad-json", f"{root} is not JSON: {errors[0]['ctx']['error']}")
        return validation_problem(errors, FIELDS, root=root)
