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
