import { Checkbox, NativeSelect } from '@mantine/core';
import type { CsvCharset, CsvDelimiter, CsvFile } from '../../api/schemas';
import { CHARSETS, DELIMITERS } from './words';

type Part = { charset?: CsvCharset; delimiter?: CsvDelimiter; header?: boolean };

/** How the bytes are read: guessed, shown, and changed where the guess is wrong. */
export function Reading({ file, onChange }: { file: CsvFile; onChange: (part: Part) => void }) {
  return (
    <div className="csv-reading">
      <NativeSelect
        label="Letters"
        value={file.charset}
        data={CHARSETS}
        onChange={(e) => onChange({ charset: e.currentTarget.value as CsvCharset })}
      />
      <NativeSelect
        label="Between columns"
        value={file.delimiter}
        data={DELIMITERS}
        onChange={(e) => onChange({ delimiter: e.currentTarget.value as CsvDelimiter })}
      />
      <Checkbox
        label="The first row names the columns"
        checked={file.header}
        onChange={(e) => onChange({ header: e.currentTarget.checked })}
      />
    </div>
  );
}
