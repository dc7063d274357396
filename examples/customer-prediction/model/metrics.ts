/** Area under the ROC curve, by ranks: the chance that a yes is given a higher probability than a no; ties count half. */
export function auc(probabilities: readonly number[], labels: Uint8Array): number {
  const order = probabilities.map((_, n) => n).sort((a, b) => (probabilities[a] as number) - (probabilities[b] as number));
  let rankSum = 0;
  let yes = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && probabilities[order[end] as number] === probabilities[order[start] as number]) end++;
    const rank = (start + 1 + end) / 2;
    for (let n = start; n < end; n++) {
      if (labels[order[n] as number] !== 1) continue;
      rankSum += rank;
      yes++;
    }
    start = end;
  }
  return (rankSum - (yes * (yes + 1)) / 2) / (yes * (labels.length - yes));
}

/** Share of rows whose label the side of 0.5 gives. */
export function accuracy(probabilities: readonly number[], labels: Uint8Array): number {
  return probabilities.filter((p, n) => (p >= 0.5 ? 1 : 0) === labels[n]).length / labels.length;
}

/** Mean of -ln of the probability given to what happened. */
export function logLoss(probabilities: readonly number[], labels: Uint8Array): number {
  const losses = probabilities.map((p, n) => -Math.log(labels[n] === 1 ? p : 1 - p));
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
