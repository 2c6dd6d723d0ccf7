# The service with its embedded model in it. Build: docker build -t similar-news .
# In a container the service can be reached from outside, so that it starts only when there is a key:
#   docker run --rm -v similar-news:/data similar-news similar-news keys create --scope ingest
# or when SIMILAR_NEWS_ALLOW_ANONYMOUS=true says that something else checks who asks, such as a port that is published on
# loopback alone. Run: docker run -p 127.0.0.1:8000:8000 -v similar-news:/data similar-news
FROM python:3.11-slim AS build
# Where torch's CPU wheels are; the package index's own torch brings gigabytes of CUDA libraries on Linux.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN pip install torch==2.13.0 --index-url "$TORCH_INDEX"
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY index index
COPY service service
RUN pip install '.[streams]'
RUN SIMILAR_NEWS_CACHE_DIR=/opt/model python -c "from pathlib import Path; from index import load_encoder; load_encoder(cache=Path('/opt/model'))" \
 && rm -rf /opt/model/*/compiled # for this processor, and for root alone

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home similar-news \
 && install --directory --owner similar-news --group similar-news /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/model /opt/model
ENV PATH=/opt/venv/bin:$PATH \
    HF_HOME=/data/hub \
    SIMILAR_NEWS_HOST=0.0.0.0 \
    SIMILAR_NEWS_DATA_DIR=/data \
    SIMILAR_NEWS_CACHE_DIR=/opt/model
USER similar-news
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s CMD ["similar-news", "healthcheck"]
CMD ["similar-news", "serve"]
