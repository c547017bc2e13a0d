/** The next number that halves well: where the scale of a chart ends. */
export function ceiling(n: number): number {
  if (n <= 2) return 2;
  const power = 10 ** Math.floor(Math.log10(n));
  const step = [1, 2, 4, 6, 8, 10].find((times) => times * power >= n) ?? 10;
  const top = step * power;
  return top % 2 === 0 ? top : top + 1;
}
