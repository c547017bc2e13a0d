import type { DiffRow } from '../../ui/diff-table';
import { humanize } from '../../ui/figures';

type Image = Record<string, unknown> | null;

/** A value as people read it; lists of addresses show the addresses. */
export function shown(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (Array.isArray(value)) return value.map(shown).filter(Boolean).join(', ') || null;
  if (typeof value !== 'object') return String(value);
  const object = value as Record<string, unknown>;
  return shown(object.value ?? object.name) ?? JSON.stringify(value);
}

/** The fields that changed. The before-image holds only what was overwritten; nested objects open up. */
export function diffRows(before: unknown, after: unknown): DiffRow[] {
  return changed(plain(before), plain(after));
}

function changed(before: Image, after: Image): DiffRow[] {
  const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...fields].flatMap((field) => {
    const [was, is] = [before?.[field], after?.[field]];
    if (field === 'custom_fields' && (plain(was) || plain(is))) return changed(plain(was), plain(is));
    const row = { field: humanize(field), before: shown(was), after: shown(is) };
    return row.before === row.after ? [] : [row];
  });
}

const plain = (value: unknown): Record<string, unknown> | null =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
