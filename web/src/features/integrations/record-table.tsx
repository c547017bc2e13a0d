import type { Records } from '../../api/schemas';
import { ScrollRegion } from '../../ui/scroll-region';

/** What was found, a column for each field that was asked for. */
export function RecordTable({ found, provider }: { found: Records; provider: string }) {
  const linked = found.items.some((one) => one.url);
  return (
    <ScrollRegion label="What was found" className="record-table">
      <table>
        <thead>
          <tr>
            {found.fields.map((field) => (
              <th scope="col" key={field}>
                {field}
              </th>
            ))}
            {linked && <th scope="col">In {provider}</th>}
          </tr>
        </thead>
        <tbody>
          {found.items.map((one, row) => (
            <tr key={one.remote_id ?? row}>
              {found.fields.map((field, column) => (
                <td key={field}>{one.values[column]}</td>
              ))}
              {linked && (
                <td>
                  {one.url && (
                    <a href={one.url} target="_blank" rel="noreferrer">
                      Open the record
                    </a>
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
