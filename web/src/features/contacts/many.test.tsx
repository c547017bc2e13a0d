import type { ReactElement } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const { changeContacts, toast } = vi.hoisted(() => ({ changeContacts: vi.fn(), toast: vi.fn() }));
vi.mock('../../api/contacts', async (original) => ({
  ...(await original<object>()),
  changeContacts,
  refreshContacts: vi.fn(),
}));
vi.mock('../../ui/toast', () => ({ toast, hideToast: vi.fn() }));

const { deleteMany, giveMany, tagMany } = await import('./many');

const two = { ids: ['a', 'b'], n: 2 };
const undo = () =>
  (
    toast.mock.calls.at(-1)?.[0]?.message as ReactElement<{ onClick: () => void }> | undefined
  )?.props.onClick();

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  changeContacts.mockResolvedValue({ changed: 2, changed_ids: ['a'], owners_before: [] });
});
afterEach(() => vi.useRealTimers());

test('a deletion leaves when Undo is no longer offered, and never when it was taken', async () => {
  deleteMany(two);
  await vi.advanceTimersByTimeAsync(7_900);
  expect(changeContacts).not.toHaveBeenCalled();
  undo();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(changeContacts).not.toHaveBeenCalled();
  deleteMany(two);
  await vi.advanceTimersByTimeAsync(8_100);
  expect(changeContacts).toHaveBeenCalledExactlyOnceWith({ contact_ids: ['a', 'b'], delete: true }, true);
});

test('a page that closes sends what was deleted on it, once', async () => {
  deleteMany({ ...two, filter: { search: 'x' } });
  window.dispatchEvent(new Event('pagehide'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(changeContacts).toHaveBeenCalledExactlyOnceWith({ filter: { search: 'x' }, delete: true }, true);
});

test('undoing a tag takes it from those alone who got it', async () => {
  await tagMany(two, 'vip', true);
  undo();
  await vi.advanceTimersByTimeAsync(0);
  expect(changeContacts).toHaveBeenLastCalledWith({ contact_ids: ['a'], remove_tag: 'vip' });
});

test('undoing a change of hands gives each back to whom they belonged', async () => {
  const owners_before = [
    { owner_member_id: 'm1', contact_ids: ['a'] },
    { owner_member_id: null, contact_ids: ['b'] },
  ];
  changeContacts.mockResolvedValueOnce({ changed: 2, changed_ids: ['a', 'b'], owners_before });
  await giveMany(two, null);
  undo();
  await vi.advanceTimersByTimeAsync(0);
  expect(changeContacts.mock.calls.slice(1).map(([change]) => change)).toEqual(owners_before);
});
