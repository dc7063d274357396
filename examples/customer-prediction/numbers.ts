/** Per second; 0 = as fast as it goes. @throws RangeError */
export function rateOf(text: string): number {
  const rate = Number(text);
  if (text.trim() === '' || !Number.isFinite(rate) || rate < 0) {
    throw new RangeError(`--rate must be a number per second of at least 0, got ${JSON.stringify(text)}`);
  }
  return rate;
}

export function wholeOf(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new RangeError(`${name} must be a whole number of at least 0, got ${JSON.stringify(text)}`);
  return Number(text);
}
