"""The keys of every topic as the specification lists them; a star: also by class, `_q`: one for each quantile."""

from __future__ import annotations

SPECIFICATION = """
nc nc1* nc2 nc3 nc4* nc2_uncentred nc3_uncentred cdnv* trace_ratio equinorm_means equinorm_weights
nc equiangularity_means equiangularity_weights self_duality gnc_margin* nc1_floor
accuracy accuracy* top5* uniform_accuracy* uniform_threshold uniform_accuracy_grid uniform_accuracy_logits*
accuracy classwise_uniform_accuracy*
geometry compactness* distinctiveness* compactness_uncentred* distinctiveness_uncentred* feature_norm_mean*
geometry feature_norm_std* class_mean_norm_mean* class_mean_norm_std effective_rank_features effective_rank_means
scores positive_mean* positive_std* positive_q* negative_mean* negative_std* negative_q*
scores margin_mean* margin_std* margin_min* margin_q* score_gap* score_separation
bias threshold_mean* threshold_std alpha separated share_positive_above* share_negative_below*
bias bias_gradient_mean* bias_gradient_norm
updates positive_amplitude_mean* positive_amplitude_std* positive_amplitude_q*
updates negative_amplitude_mean* negative_amplitude_std* negative_amplitude_q*
updates positive_rank_correlation* positive_rank_correlation_low* positive_rank_correlation_high*
updates negative_rank_correlation* negative_rank_correlation_low* negative_rank_correlation_high*
updates positive_spread* positive_spread_iqr* positive_spread_share* positive_change_slope* positive_change_correlation*
updates negative_spread* negative_spread_iqr* negative_spread_share* negative_change_slope* negative_change_correlation*
updates threshold_change_slope threshold_change_correlation
"""
QUANTILES = ("01", "05", "25", "50", "75", "95", "99")


def _expanded(name: str) -> list[str]:
    return [name.replace("_q*", f"_q{quantile}*") for quantile in QUANTILES] if name.endswith("_q*") else [name]


STARRED: dict[str, list[str]] = {}
for line in SPECIFICATION.strip().splitlines():
    topic, *names = line.split()
    STARRED.setdefault(topic, []).extend(key for name in names for key in _expanded(name))
KEYS = {topic: [name.rstrip("*") for name in names] for topic, names in STARRED.items()}
KEYS["all"] = [name for topic in sorted(STARRED) for name in KEYS[topic]]
BY_CLASS = {
    topic: {f"{name.rstrip('*')}_by_class" for name in names if name.endswith("*")} for topic, names in STARRED.items()
}
