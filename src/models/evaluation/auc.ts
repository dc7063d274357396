/**
 * Area under the ROC curve, by ranks: the chance that a row of the class has a higher score than a row outside it; ties count half.
 * NaN when there is only one class.
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const order = Uint32Array.from({ length: scores.length }, (_, at) => at).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let ranks = 0;
  let positive = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) end++;
    const rank = (start + 1 + end) / 2;
    for (let at = start; at < end; at++) {
      if (labels[order[at] ?? 0] !== 1) continue;
      ranks += rank;
      positive++;
    }
  }
  return (ranks - (positive * (positive + 1)) / 2) / (positive * (order.length - positive));
}
