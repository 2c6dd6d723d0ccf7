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
    (0.04476, 0.00342, -0.06067, 0.01177),
    (0.04996, -0.01062, -0.00704, 0.03321),
    (0.06265, -0.00459, -0.02274, 0.03100),
)
OPENVINO_INT8 = {
    True: (
        (0.04406, 0.00205, -0.06349, 0.01171),
        (0.04997, -0.00935, -0.00517, 0.03599),
        (0.06064, -0.00487, -0.02494, 0.02949),
    ),
    False: (
        (0.04169, -0.00100, -0.06247, 0.00465),
        (0.04858, -0.00921, -0.01003, 0.03314),
        (0.05651, -0.00594, -0.02688, 0.02376),
    ),
}
"""By whether the processor has bf16: the copy is another one where it has not."""


def test_torch(exact_encoder: Encoder) -> None:
    np.testing.assert_allclose(exact_encoder.encode(TEXTS)[:, :4], TORCH, atol=2e-4)


@pytest.mark.usefixtures("int8_usable")
def test_openvino(encoder: Encoder) -> None:
    """Less exactly: processors with other instructions for int8 round otherwise, by up to 0.0025 so far."""
    np.testing.assert_allclose(encoder.encode(TEXTS)[:, :4], OPENVINO_INT8[openvino_int8.has_bf16()], atol=4e-3)
