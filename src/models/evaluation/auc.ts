/**
 * Area under the ROC curve, by ranks: the chance that a row of the class is given a higher score than one that is not; ties count half.
 * NaN when there is but one class.
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const order = Uint32Array.from({ length: scores.length }, (_, at) => at).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let ranks = 0;
  let positive = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && scores[order[end] as number] === scores[order[start] as number]) end++;
    const rank = (start + 1 + end) / 2;
    for (let at = start; at < end; at++) {
      if (labels[order[at] as number] !== 1) continue;
      ranks += rank;
      positive++;
    }
  }
  return (ranks - (positive * (positive + 1)) / 2) / (positive * (order.length - positive));
}
