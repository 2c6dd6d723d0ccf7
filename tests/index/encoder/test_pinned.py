"""The first values of a few vectors, pinned: an upgrade of a library that changes vectors is caught here."""

import numpy as np
import pytest

from index.encoder import Encoder, openvino_int8

TEXTS = (
    "북한과 러시아의 정상이 우주기지에서 만나 군사 협력을 논의했다.",
    "The two leaders met at a spaceport and spoke about satellites.",
    "التقى الزعيمان في قاعدة الفضاء وبحثا التعاون العسكري.",
)

TORCH = (
    (0.04100, -0.01719, -0.08541, -0.02459),
    (0.03090, -0.02556, -0.03744, 0.00474),
    (0.03011, -0.02293, -0.05563, -0.01609),
)
OPENVINO_INT8 = (
    (0.03961, -0.01629, -0.08510, -0.02600),
    (0.03118, -0.02474, -0.03679, 0.00346),
    (0.02990, -0.02229, -0.05519, -0.01689),
)


def test_torch(exact_encoder: Encoder) -> None:
    np.testing.assert_allclose(exact_encoder.encode(TEXTS)[:, :4], TORCH, atol=2e-4)


def test_openvino(encoder: Encoder) -> None:
    """Less exactly: processors with other instructions for int8 round otherwise."""
    if reason := openvino_int8.why_not_usable():
        pytest.skip(reason)
    np.testing.assert_allclose(encoder.encode(TEXTS)[:, :4], OPENVINO_INT8, atol=2e-3)
