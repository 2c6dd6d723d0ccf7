"""What probabilities are worth."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

Floats = NDArray[np.float64]

BINS = 10


def measure(labels: Floats, sums: Floats, weights: Floats | None = None) -> dict[str, float]:
    """How well labels are told apart, how well they are calibrated, and what one threshold for all costs.

    Args:
        labels: 1, 0, or nan where it is not known; shape (n,).
        sums: log odds, shape (n,).
        weights: of the pairs, shape (n,); all the same if None.

    Returns:
        Nothing if there are not both labels.
    """
    known = ~np.isnan(labels)
    truth, odds = labels[known], sums[known]
    share = (np.ones(len(labels)) if weights is None else weights)[known]
    if len(np.unique(truth)) < 2:  # noqa: PLR2004 - both labels
        return {}
    probabilities = expit(odds)
    best, shipped = best_f1(truth, odds, share), f1(truth, probabilities >= 0.5, share)  # noqa: PLR2004 - as likely as not
    return {
        "auc": float(roc_auc_score(truth, odds, sample_weight=share)),
        "average_precision": float(average_precision_score(truth, odds, sample_weight=share)),
        "calibration_error": calibration_error(truth, probabilities, share),
        "f1": shipped,
        "f1_lost": best - shipped,
    }


def calibration_error(labels: Floats, probabilities: Floats, weights: Floats) -> float:
    """Expected calibration error, in `BINS` bins of equal width (Guo et al. 2017, https://arxiv.org/abs/1706.04599)."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    differences = np.bincount(bins, weights * (probabilities - labels), minlength=BINS)
    return float(np.abs(differences).sum() / weights.sum())


def f1(labels: Floats, taken: NDArray[np.bool_], weights: Floats) -> float:
    """F1 of what is taken."""
    hits = float(weights[taken & (labels == 1)].sum())
    return 2 * hits / float(weights[taken].sum() + weights[labels == 1].sum())


def best_f1(labels: Floats, scores: Floats, weights: Floats) -> float:
    """The best F1 that a threshold gives."""
    precision, recall, _ = precision_recall_curve(labels, scores, sample_weight=weights)
    return float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-12)))
