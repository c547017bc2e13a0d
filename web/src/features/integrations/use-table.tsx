import type { BudgetLedger } from '../../api/schemas';
import { count, humanize } from '../../ui/figures';
import { ScrollRegion } from '../../ui/scroll-region';
import { dayWords, PURPOSES, slowDowns, tokensOf } from './use-words';

const SERIES = PURPOSES.filter((p) => p.key !== 'refresh');

/** The same days as numbers, newest first. */
export function UseTable({ ledger, unit }: { ledger: BudgetLedger; unit: string }) {
  // Requests have a column of their own, wherever something else is counted.
  const apart = unit !== 'request';
  return (
    <ScrollRegion label="Use of the budget by day" className="use-table">
      <table>
        <thead>
          <tr>
            <th scope="col">Day (UTC)</th>
            {SERIES.map(({ key, word }) => (
              <th scope="col" key={key}>
                {word}
              </th>
            ))}
            {apart && <th scope="col">{humanize(unit)}s</th>}
            <th scope="col">Requests</th>
            <th scope="col">Slow-downs</th>
          </tr>
        </thead>
        <tbody>
          {[...ledger.days].reverse().map((day) => (
            <tr key={day.day}>
              <th scope="row">{dayWords(day.day)}</th>
              {SERIES.map(({ key }) => (
                <td key={key}>{count(tokensOf(day, key))}</td>
              ))}
              {apart && <td>{count(day.tokens)}</td>}
              <td>{count(day.requests)}</td>
              <td>{count(slowDowns(day))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
