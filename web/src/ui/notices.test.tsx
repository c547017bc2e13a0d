import { act, renderHook } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { forgetNotices, keepNotice, markRead, useNotices } from './notices';

const notice = (id: string, title = id) => ({ id, title, at: '2026-11-28T10:00:00Z', tone: 'ok' }) as const;

beforeEach(() => forgetNotices());

test('the newest stands first, and one that is said anew stands there once', () => {
  const { result } = renderHook(() => useNotices());
  act(() => {
    keepNotice(notice('a'));
    keepNotice(notice('b'));
    keepNotice(notice('a', 'again'));
  });
  expect(result.current.list.map((one) => one.title)).toEqual(['again', 'b']);
  expect(result.current.unread).toBe(3);
  act(() => void markRead());
  expect(result.current.unread).toBe(0);
});

test('they survive a reload, are not more than fifty, and end with the session', () => {
  for (let n = 0; n < 60; n += 1) keepNotice(notice(`${n}`));
  const stored = JSON.parse(sessionStorage.getItem('tandem-notices') ?? '{}');
  expect(stored.list).toHaveLength(50);
  expect(stored.list[0].id).toBe('59');
  forgetNotices();
  expect(sessionStorage.getItem('tandem-notices')).not.toContain('"id"');
});
