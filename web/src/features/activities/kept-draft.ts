import { blank, type Draft, isEmpty, type Person } from './draft';

// What was typed and not saved, one per member: a closed tab or a dead battery costs nobody a note.
const KEY = 'tandem-activity-draft';

type Kept = { of: string; draft: Draft };

export function keepDraft(of: string, draft: Draft) {
  try {
    if (isEmpty(draft)) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify({ of, draft } satisfies Kept));
  } catch {
    // Storage may be off; the form still works.
  }
}

export function dropDraft() {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // As above.
  }
}

/** The draft about this person, or about whomever it was when nobody is named. */
export function takeDraft(of: string, contact: Person | null): Draft | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Kept | null;
    if (kept?.of !== of) return null;
    const draft = { ...blank(null), ...kept.draft };
    return !contact || draft.contact?.id === contact.id ? draft : null;
  } catch {
    return null;
  }
}
