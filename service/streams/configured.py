"""The stream that the settings name."""

from collections.abc import Callable
from functools import partial

from service.settings import Settings, SettingsError
from service.streams.source import StreamSource


def configured_stream(settings: Settings) -> Callable[[], StreamSource] | None:
    """What opens the stream; None where there is none, and in a reader, which takes no articles.

    Raises:
        SettingsError: what is needed to read it is not installed.
    """
    if settings.stream_url is None or settings.role != "writer":
        return None
    try:
        from service.streams.redis_streams import RedisStream  # here, because few have the package
    except ModuleNotFoundError as error:
        raise SettingsError(
            "SIMILAR_NEWS_STREAM_URL needs a package that is not there: pip install 'similar-news[streams]'"
        ) from error
    return partial(RedisStream, settings.stream_url.get_secret_value(), settings.stream_name, settings.stream_group)
