export type Selection = ReadonlySet<string>;
export const NOBODY: Selection = new Set();

export function toggle(selection: Selection, id: string): Selection {
  const next = new Set(selection);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** The box in the head: takes the whole list when any of it is missing, otherwise leaves the list out. */
export function toggleList(selection: Selection, list: string[]): Selection {
  const next = new Set(selection);
  const all = list.length > 0 && list.every((id) => selection.has(id));
  for (const id of list) all ? next.delete(id) : next.add(id);
  return next;
}

export function listState(selection: Selection, list: string[]): 'all' | 'some' | 'none' {
  const chosen = list.filter((id) => selection.has(id)).length;
  if (chosen === 0) return 'none';
  return chosen === list.length ? 'all' : 'some';
}
