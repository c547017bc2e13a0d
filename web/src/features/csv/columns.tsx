import { NativeSelect } from '@mantine/core';
import type { CsvColumn, CsvField, CsvFile } from '../../api/schemas';
import { FIELDS } from './words';

/** Values that show what a column holds. */
const SHOWN = 3;

type Props = { file: CsvFile; columns: CsvColumn[]; onField: (at: number, field: CsvField) => void };

/** One line per column of the file: what it is called, what is in it, and what it becomes. */
export function Columns({ file, columns, onField }: Props) {
  return (
    <ol className="csv-columns">
      {columns.map((column, at) => {
        const values = file.first_rows.map((row) => row[at]?.trim()).filter(Boolean);
        return (
          <li key={column.name} data-out={column.field === 'ignore' || undefined}>
            <b>{column.name}</b>
            <span className="csv-values">
              {values.slice(0, SHOWN).join(' · ') || 'Empty in the first rows'}
            </span>
            <NativeSelect
              aria-label={`${column.name} becomes`}
              value={column.field}
              data={FIELDS}
              onChange={(e) => onField(at, e.currentTarget.value as CsvField)}
            />
          </li>
        );
      })}
    </ol>
  );
}
