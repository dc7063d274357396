/**
 * Returns the shortest decimal that reads as this float32, as XGBoost writes it: `1.5E0`, `-2E-1`. Its reader refuses integers
 * where it expects floats, so there is always an exponent.
 */
export function floatText(value: number): string {
  const number = Math.fround(value) + 0;
  for (let digits = 0; digits < 8; digits++) {
    const text = number.toExponential(digits);
    if (Math.fround(Number(text)) === number) return text.replace('e+', 'E').replace('e', 'E');
  }
  return number.toExponential(8).replace('e+', 'E').replace('e', 'E');
}
