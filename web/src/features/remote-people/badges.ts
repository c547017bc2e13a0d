import type { RemotePerson } from '../../api/schemas';
import type { Tone } from '../../ui/status-word';

type Badge = { word: string; tone: Tone; means: (provider: string) => string };

export const BADGES: Record<RemotePerson['badge'], Badge> = {
  new: { word: 'New', tone: 'idle', means: () => 'Not in your book. Importing adds a contact.' },
  linked: {
    word: 'Match',
    tone: 'warn',
    means: () => 'Somebody in your book has this address. Importing links the two, nobody is added.',
  },
  changed: {
    word: 'Changed',
    tone: 'busy',
    means: (provider) =>
      `Imported before, and changed in ${provider} since. Importing brings the new values.`,
  },
  synced: {
    word: 'In sync',
    tone: 'ok',
    means: () => 'Imported before, and equal on both sides. Importing changes nothing.',
  },
};
