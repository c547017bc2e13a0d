import { expect, test } from 'vitest';
import { seats } from './seats';

const limits = (n: number | null) => ({ seats: n, seats_used: 0, contacts: null, contacts_used: 0 });

test('open invitations hold seats', () => {
  expect(seats(limits(5), 4, 0)).toEqual({ words: '4 of 5 seats', full: false });
  expect(seats(limits(5), 4, 1)).toEqual({ words: '4 of 5 seats, 1 invited', full: true });
  expect(seats(limits(1), 1, 0)).toEqual({ words: '1 of 1 seat', full: true });
  expect(seats(limits(null), 40, 2)).toEqual({ words: '40 members, 2 invited', full: false });
});
