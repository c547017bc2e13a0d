import { expect, test } from 'vitest';
import { actionWords, actor, detailWords } from './words';

test('an action that is new here is still readable', () => {
  expect(actionWords('member.removed')).toBe('Removed a member');
  expect(actionWords('campaign.assigned')).toBe('Campaign assigned');
});

test('whoever did it is named, gone, or Tandem', () => {
  expect(actor({ member: 'Anna', member_id: 'x' })).toBe('Anna');
  expect(actor({ member: null, member_id: 'x' })).toBe('Former member');
  expect(actor({ member: null, member_id: null })).toBe('Tandem');
});

test('a detail is one line of words', () => {
  expect(detailWords({ from: 'golden_ticket', to: 'admin', heir: null })).toBe(
    'from: golden ticket, to: admin',
  );
  expect(detailWords({ fields: ['owner', 'tags'], more: { a: 1 } })).toBe(
    'fields: owner and tags, more: {"a":1}',
  );
  expect(detailWords(null)).toBe('');
  expect(detailWords({ expires_at: '2026-12-05T21:31:59.790806599Z' })).toMatch(
    /^expires at: 5 Dec 2026, \d\d:\d\d$/,
  );
});
