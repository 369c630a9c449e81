/** A stored 0.10000000000000001 is 0.1 to everybody; what a double cannot hold is left as written. */
export function plainNumber(stored: string): string {
  const number = Number(stored);
  if (stored === '' || !Number.isFinite(number)) return stored;
  const short = String(number);
  return short.includes('e') ? stored : short;
}
