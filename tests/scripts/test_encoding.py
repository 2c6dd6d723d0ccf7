"""Many texts are embedded in parts."""

import numpy as np
from encoding import encoded

from index.encoder.queue import QueuedEncoder, QueueLimits
from tests.index.encoder.test_queue import SteppedModel, vector_of


def test_texts_are_encoded_in_order() -> None:
    texts = [f"text {number}" for number in range(1_100)]
    vectors = encoded(QueuedEncoder(SteppedModel(), QueueLimits()), texts, "texts")
    np.testing.assert_allclose(vectors, [vector_of(text) for text in texts], atol=1e-6)
