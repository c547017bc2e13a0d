export const COLDEST = 0;
export const HOTTEST = 10;

const WORDS = ['Cold', 'Cool', 'Mild', 'Warm', 'Hot'] as const;

/** 1 to 5. "Warm" starts at 4, where a contact counts as a warm lead unless the company says otherwise. */
export function heatLevel(warmness: number): 1 | 2 | 3 | 4 | 5 {
  if (warmness >= 7) return 5;
  if (warmness >= 4) return 4;
  if (warmness >= 3) return 3;
  return warmness >= 2 ? 2 : 1;
}

export const heatWord = (warmness: number): string => WORDS[heatLevel(warmness) - 1] ?? WORDS[0];
