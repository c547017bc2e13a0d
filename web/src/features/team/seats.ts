import type { Session } from '../../api/schemas';
import { count, counted } from '../../ui/figures';

type Seats = { words: string; full: boolean };

/** Members and open invitations fill the seats of a plan together. */
export function seats(limits: Session['limits'], members: number, invited: number): Seats {
  const waiting = invited > 0 ? `, ${count(invited)} invited` : '';
  if (limits.seats == null)
    return { words: `${counted(members, 'member', 'members')}${waiting}`, full: false };
  return {
    words: `${count(members)} of ${counted(limits.seats, 'seat', 'seats')}${waiting}`,
    full: members + invited >= limits.seats,
  };
}
