import { VisuallyHidden } from '@mantine/core';

export type DiffRow = { field: string; before: string | null; after: string | null; there?: string | null };

const text = (value: string | null | undefined) =>
  value === null || value === undefined || value === '' ? <span className="dim">Empty</span> : value;

type Props = { rows: DiffRow[]; caption: string; heads: [string, string] | [string, string, string] };

/** Field by field; what changes is marked by weight and tint, not by colour alone. */
export function DiffTable({ rows, caption, heads }: Props) {
  return (
    <table className="diff">
      <caption>
        <VisuallyHidden>{caption}</VisuallyHidden>
      </caption>
      <thead>
        <tr>
          <th scope="col">Field</th>
          {heads.map((h) => (
            <th scope="col" key={h}>
              {h}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const changed = row.before !== row.after;
          return (
            <tr key={row.field}>
              <th scope="row">{row.field}</th>
              <td>{changed && row.before ? <del>{row.before}</del> : text(row.before)}</td>
              {heads.length === 3 && <td>{text(row.there)}</td>}
              <td>{changed ? <ins>{row.after || 'Empty'}</ins> : text(row.after)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
