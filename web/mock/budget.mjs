// What a connection used, and what an import will cost, on the stand-in server.
const DAY = 864e5;

export function ledger(slug, c) {
  const days = [];
  for (let back = 13; back >= 0; back--) {
    const day = new Date(Date.now() - back * DAY).toISOString().slice(0, 10);
    const busy = (back * 7 + slug.length) % 5;
    const used = {
      import: back === 0 ? c.budget.spent_by_us_today - 40 : busy > 1 ? busy * 310 : 0,
      browse: back === 0 ? 40 : busy * 45,
      connect: back === 13 ? 2 : 0,
      refresh: 0,
    };
    const purposes = Object.entries(used)
      .filter(([purpose, tokens]) => tokens > 0 || (purpose === 'refresh' && busy > 0))
      .map(([purpose, tokens]) => ({
        purpose,
        tokens,
        requests: purpose === 'refresh' ? busy : Math.ceil(tokens / 10),
        throttled: 0,
      }));
    const sum = (key) => purposes.reduce((n, one) => n + one[key], 0);
    days.push({ day, requests: sum('requests'), tokens: sum('tokens'), purposes });
  }
  return { days };
}

export function forecast(c, mode, count) {
  const left = Math.max(0, c.budget.daily_remaining - c.budget.daily_limit / 25);
  const tokens = mode === 'full' ? c.forecast.tokens : mode === 'selective' ? 30 + count : 60;
  const waits = tokens !== null && tokens > left;
  return {
    source: mode === 'full' ? c.forecast.source : mode === 'selective' ? 'selection' : 'unknown',
    parts: [],
    // The card of the connection shows the same number.
    requests: mode === 'full' ? c.forecast.requests : Math.ceil(tokens / 12),
    tokens,
    at_least: mode === 'incremental',
    left_for_imports: left,
    fits: tokens === null ? 'unknown' : waits ? 'waits' : 'today',
    days: waits ? 1 : null,
    resets_at: c.budget.resets_at,
  };
}
