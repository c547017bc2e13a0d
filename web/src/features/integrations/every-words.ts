/** How often: "every 15 minutes", "every 6 hours". */
export function everyWords(minutes: number | null | undefined): string {
  if (!minutes) return 'now and then';
  if (minutes % 60 !== 0) return minutes === 1 ? 'every minute' : `every ${minutes} minutes`;
  return minutes === 60 ? 'every hour' : `every ${minutes / 60} hours`;
}
