r"""The optimum: what theory says the features, scores and bias become. Definitions: FORMULAS.md, "Theory".

Near the end of training the features before the classifier are flexible enough to be taken as free. What is minimised
is then the layer-peeled problem (paper eq. 3) over the weight W, the features H and the thresholds b = -(PyTorch's
bias):

    (1/N) sum L(W h_i - b, y_i) + lambda_w/2 ||W||^2 + lambda_h/2 ||H||^2 + lambda_b/2 ||b||^2

**The theorem.** With n samples of each of K classes, and features long enough for a simplex ETF (d >= K - 1), Theorem
3.1 (CE) and Theorem 3.2 (BCE) of the paper say: at the global minimum all features of a class are equal, h_i = c w_k
with c = sqrt(lambda_w / (n lambda_h)), the rows of W are a simplex ETF, and all thresholds are equal. The scores are
c rho/K for the own class and -c rho/(K (K - 1)) for the others, with rho = ||W||^2. CE's threshold is 0 (lambda_b > 0)
or anything (lambda_b = 0); BCE has one threshold b, the root of (12), which couples it to the scores:

>>> paper = Problem("bce", classes=10, dim=12, per_class=5, lambda_w=5e-4, lambda_h=5e-4, lambda_b=1e-4)
>>> inside = optimum(paper)
>>> inside.regime, round(inside.objective, 6), round(inside.threshold, 3), bool(inside.separated)
('etf', 0.149664, 5.301, True)

**Its boundary (derived).** For BCE that point is the global minimum only while lambda_b b <= q/K, with q = K sqrt(n
lambda_w lambda_h): up to a decay lambda_b* of the bias. Beyond it W and H grow means that point in opposite
directions. Such a mean lowers all scores by the same tau, as a threshold does, and costs less than the threshold it
replaces. The features still collapse to an ETF around their mean, so that centred NC1, NC2 and NC3 vanish as before,
while uncentred NC2 does not; the threshold is q/(K lambda_b).

>>> round(inside.lambda_b_star, 7)
0.0002227

**A counterexample.** At lambda_b = 5e-3 the paper's point has an objective of 0.451 (the upper bound where d = K - 1
leaves no room for a mean), and the minimum is less than half of that:

>>> from dataclasses import replace
>>> outside = optimum(replace(paper, lambda_b=5e-3))
>>> outside.regime, round(outside.objective, 6), round(outside.threshold, 3)
('shifted', 0.192765, 0.224)
>>> round(outside.positive_score, 2), round(outside.negative_score, 2)
(4.93, -5.88)
>>> round(optimum(replace(paper, lambda_b=5e-3, dim=9)).objective_high, 6)
0.450968

A minimisation that knows none of this, from a random start, ends there:

>>> found = solve(replace(paper, lambda_b=5e-3), seed=0)
>>> abs(found.objective - outside.objective) < 1e-12
True

**The rest.** From q = 1 on there is no ETF: W = H = 0 (``"zero"``); but if also lambda_b b > q/K at that point, the
means alone remain (``"rank-one"``; own finding). For K = 2 the boundary is never reached. A minimum is attained from
d = its rank on: K - 1 for the ETF, K for a shifted one, 1 for means alone. Below that no closed form is known, and
`optimum` gives a lower bound (the minimum for larger d) and an upper one. Batches of B samples act as n = B/K
(derived), since free features belong to a batch as much as to the whole. In a real network features are not quite
free (after a ReLU they are not negative, say), so distances to the optimum are to be read as such.
"""

from bceprobe.theory.bounds import lower_bound, separates
from bceprobe.theory.construct import construct
from bceprobe.theory.forecast import forecast_mean
from bceprobe.theory.optimum import Optimum, alpha, optimum
from bceprobe.theory.problem import LOSSES, Problem
from bceprobe.theory.solver import Solution, solve
from bceprobe.theory.sweep import default_values, sweep

__all__ = [
    "LOSSES",
    "Optimum",
    "Problem",
    "Solution",
    "alpha",
    "construct",
    "default_values",
    "forecast_mean",
    "lower_bound",
    "optimum",
    "separates",
    "solve",
    "sweep",
]
