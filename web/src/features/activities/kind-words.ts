import type { ActivityKind } from '../../api/schemas';

export const KIND_WORDS: readonly ActivityKind[] = [
  'CALL',
  'EMAIL',
  'MEETING',
  'LINKEDIN',
  'REFERRAL',
  'CONFERENCE',
];

export const kindOf = (word: string | undefined): ActivityKind | undefined =>
  KIND_WORDS.find((kind) => kind === word);
