import type { CsvCharset, CsvColumn, CsvDelimiter, CsvField } from '../../api/schemas';

export const FIELDS: { value: CsvField; label: string }[] = [
  { value: 'full_name', label: 'Name' },
  { value: 'first_name', label: 'First name' },
  { value: 'last_name', label: 'Last name' },
  { value: 'email', label: 'E-mail' },
  { value: 'phone', label: 'Phone' },
  { value: 'organization', label: 'Organization' },
  { value: 'owner', label: 'Owner, by e-mail' },
  { value: 'tags', label: 'Tags' },
  { value: 'contact_id', label: 'Tandem ID' },
  { value: 'custom', label: 'Keep as it is' },
  { value: 'ignore', label: 'Leave out' },
];

export const CHARSETS: { value: CsvCharset; label: string }[] = [
  { value: 'utf-8', label: 'UTF-8' },
  { value: 'windows-1252', label: 'Windows (western)' },
  { value: 'utf-16le', label: 'UTF-16' },
  { value: 'utf-16be', label: 'UTF-16, big-endian' },
];

export const DELIMITERS: { value: CsvDelimiter; label: string }[] = [
  { value: 'comma', label: 'Comma  ,' },
  { value: 'semicolon', label: 'Semicolon  ;' },
  { value: 'tab', label: 'Tab' },
  { value: 'pipe', label: 'Bar  |' },
];

const kilo = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const mega = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** "12 kB", "3.4 MB". */
export const size = (bytes: number) =>
  bytes < 1_000_000
    ? `${kilo.format(Math.max(1, bytes / 1_000))} kB`
    : `${mega.format(bytes / 1_000_000)} MB`;

/** Below this the guess would jump. */
const SURE_AFTER_MS = 1_500;

/** Seconds until the rest has left, at the pace so far; `null` while nobody knows. */
export function timeLeft(bytes: number, of: number, elapsedMs: number): number | null {
  if (bytes <= 0 || elapsedMs < SURE_AFTER_MS) return null;
  return ((of - bytes) * elapsedMs) / bytes / 1_000;
}

const NAMES: CsvField[] = ['full_name', 'first_name', 'last_name', 'email'];
const ONCE: CsvField[] = ['full_name', 'first_name', 'last_name', 'organization', 'owner', 'contact_id'];

/** What stands in the way of a start, in words; `null` when nothing does. */
export function inTheWay(columns: CsvColumn[]): string | null {
  const twice = ONCE.find((field) => columns.filter((c) => c.field === field).length > 1);
  if (twice) {
    const label = FIELDS.find((f) => f.value === twice)?.label ?? twice;
    return `Two columns are “${label}”. Choose one of them.`;
  }
  if (!columns.some((c) => NAMES.includes(c.field)))
    return 'Say which column holds a name or an e-mail address.';
  return null;
}
