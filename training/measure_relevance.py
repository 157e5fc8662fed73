"""How well does relevance tell a comment's own article from others, and what would a threshold flag?

python -m training.measure_relevance --data DIR --seed 1
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from commentsvc.moderation.embedded import load_relevance
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.relevance import Closeness, MeaningRelevance, probability
from commentsvc.moderation.terms import Draft
from training.corpora import rows

Pairs = list[tuple[Closeness, Closeness]]

_THREAD = 20
_REPLIES = 1500


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the calibration from replies and parents, and AUC and flagged shares for articles known by title."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    relevance = load_relevance()
    if not isinstance(relevance, MeaningRelevance):
        raise SystemExit(relevance.why)
    chance = random.Random(options.seed)
    replies = _against_parents(options.data / "train" / "cat_gc.csv", relevance, chance)
    cosines = np.array([near.article for pair in replies for near in pair])
    fitted = LogisticRegression(C=1e6).fit(cosines[:, None], [1, 0] * len(replies))
    print(f"calibration: slope {fitted.coef_[0, 0]:.1f}, offset {fitted.intercept_[0]:.1f}")
    _report("reply and parent", replies, lambda near: near.article)
    comments = _against_articles(options.data / "evaluate" / "ctc.csv", relevance, chance)
    _report("comment and title", comments, lambda near: near.article)
    _report("comment and thread", comments, lambda near: near.thread)
    _report("comment, score", comments, probability)
    _calibration(comments)


def _against_articles(path: Path, relevance: MeaningRelevance, chance: random.Random) -> Pairs:
    """Compare comments with their own article and thread, and with another's; articles are known by their titles."""
    by_title: dict[str, list[str]] = defaultdict(list)
    for row in rows(path):
        by_title[row["title"].removesuffix(" - The Globe and Mail")].append(row["comment"])
    found: Pairs = []
    for title, comments in by_title.items():
        for at, comment in enumerate(comments):
            elsewhere = chance.choice([name for name in by_title if name != title])
            near = _near(relevance, comment, title, comments[:at] + comments[at + 1 :], chance)
            far = _near(relevance, comment, elsewhere, by_title[elsewhere], chance)
            if near and far:
                found.append((near, far))
    return found


def _near(
    relevance: MeaningRelevance, comment: str, title: str, thread: list[str], chance: random.Random
) -> Closeness | None:
    around = tuple(chance.sample(thread, min(_THREAD, len(thread))))
    return relevance.closeness(Draft(comment, article_title=title, thread=around))


def _against_parents(path: Path, relevance: MeaningRelevance, chance: random.Random) -> Pairs:
    """Compare replies with their own parent and another's, given as the article."""
    talk = [(row["text"], row["parent"]) for row in rows(path) if len(row["parent"].split()) >= 15]
    chance.shuffle(talk)
    found: Pairs = []
    for text, parent in talk[: 2 * _REPLIES]:
        near = relevance.closeness(Draft(text, article_text=parent))
        far = relevance.closeness(Draft(text, article_text=chance.choice(talk)[1]))
        if near and far:
            found.append((near, far))
    return found[:_REPLIES]


def _report(what: str, pairs: Pairs, value: Callable[[Closeness], float | None]) -> None:
    own, other = (np.array([value(pair[side]) for pair in pairs], dtype=float) for side in (0, 1))
    auc = roc_auc_score([1] * len(own) + [0] * len(other), np.concatenate([own, other]))
    print(
        f"{what}: {len(pairs)} pairs, AUC {auc:.3f}, own quantiles", np.quantile(own, [0.02, 0.05, 0.1, 0.5]).round(3)
    )
    if value is probability:
        limit = DEFAULT_POLICY.relevance or 0.0
        print(f"  below {limit}: own {(own < limit).mean():.3f}, other {(other < limit).mean():.3f}")


def _calibration(pairs: Pairs) -> None:
    scores = np.array([probability(near) for pair in pairs for near in pair])
    own = np.array([1, 0] * len(pairs))
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        chosen = (scores >= low) & (scores < high)
        print(f"  scored {low}-{min(high, 1)}: {chosen.sum()} comparisons, own {own[chosen].mean():.2f}")


if __name__ == "__main__":
    main()
