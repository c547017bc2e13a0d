import { expect, test } from 'vitest';
import { newer, progressOf, reconcile } from './run-order';
import type { Run } from './schemas';

const COUNTS = { created: 0, updated: 0, linked: 0, unchanged: 0, skipped: 0, conflict: 0, quarantined: 0 };
const aRun = (part: Partial<Run> = {}): Run => ({
  id: 'r1',
  provider: 'acme',
  provider_name: 'Acme CRM',
  connection_id: 'c1',
  has_file: false,
  by_webhook: false,
  by_schedule: false,
  mode: 'full',
  direction: 'inbound',
  state: 'running',
  phase: 'persons',
  created_at: '2026-11-20T10:00:00Z',
  seen: 0,
  counts: COUNTS,
  adds_up: true,
  organizations: { seen: 0, created: 0, updated: 0, unchanged: 0 },
  deals: { seen: 0, written: 0, unchanged: 0, quarantined: 0 },
  requests: 0,
  tokens_spent: 0,
  attempts: 1,
  resumable: false,
  limit_reached: false,
  ...part,
});

test('a slow poll never takes progress back', () => {
  const streamed = aRun({ seen: 500 });
  expect(newer(streamed, aRun({ seen: 400 }))).toBe(streamed);
  const later = aRun({ seen: 600 });
  expect(newer(streamed, later)).toBe(later);
});

test('a run that has ended does not come alive by an answer that was on its way', () => {
  const ended = aRun({ state: 'completed', seen: 500 });
  expect(newer(ended, aRun({ seen: 499 }))).toBe(ended);
  expect(newer(ended, aRun({ state: 'queued' }))).toBe(ended);
});

test('a resumed run comes alive, queued or with its next attempt', () => {
  const failed = aRun({ state: 'failed', seen: 500 });
  const queued = aRun({ state: 'queued', seen: 500 });
  expect(newer(failed, queued)).toBe(queued);
  const second = aRun({ state: 'running', seen: 500, attempts: 2 });
  expect(newer(failed, second)).toBe(second);
  expect(newer(second, failed)).toBe(second);
});

test('the report of another run replaces this one', () => {
  const other = aRun({ id: 'r2' });
  expect(newer(aRun({ seen: 9 }), other)).toBe(other);
});

test('without an estimate there is a count and no percentage', () => {
  expect(progressOf(aRun({ seen: 70 }))).toEqual({ percent: null, done: 70, of: null });
});

test('the bar is full only when the run is completed', () => {
  expect(progressOf(aRun({ seen: 50, estimate: 200 })).percent).toBe(25);
  expect(progressOf(aRun({ seen: 300, estimate: 200 }))).toEqual({ percent: 99, done: 300, of: 300 });
  expect(progressOf(aRun({ state: 'completed', seen: 300, estimate: 200 })).percent).toBe(100);
});

test('the seven counts are added up here too', () => {
  expect(reconcile(aRun({ seen: 3, counts: { ...COUNTS, created: 1, unchanged: 2 } })).holds).toBe(true);
  expect(reconcile(aRun({ seen: 5, counts: { ...COUNTS, created: 1 } }))).toMatchObject({
    holds: false,
    gap: 4,
  });
});
