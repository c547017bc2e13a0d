import { useQuery } from '@tanstack/react-query';
import { csvHref, type ReportFilter, warmnessReport } from '../../api/reports';
import { count } from '../../ui/figures';
import { TimeBars } from './bars';
import { Chart } from './chart';
import { BANDS, bands, barLabel, daysWords, dayWord, warmnessWords } from './words';

/** The cold ones are most of a book: drawn beside them, nobody else would be seen. The table has them. */
const DRAWN = BANDS.filter(({ key }) => key !== 'cold');

export function WarmnessChart({ filter }: { filter: ReportFilter }) {
  const query = useQuery(warmnessReport(filter));
  const takeaway = query.data && warmnessWords(query.data);
  const items = (query.data?.items ?? []).map((i) => ({ ...i, held: i.contacts && bands(i.contacts) }));
  const since = query.data?.known_since;
  const notes = [
    since
      ? `Known since ${dayWord(since)}; nobody kept it before.`
      : 'It is known from the first contact on.',
    (filter.campaign || filter.method) && 'Campaign and method above are not applied here.',
    filter.member && 'A member means the owner of the contacts.',
    'Cold ones are not drawn; the table counts them.',
  ];
  return (
    <Chart
      title="Warmness"
      nothing={query.data && items.every(({ held }) => !held)}
      takeaway={takeaway}
      query={query}
      csv={csvHref('warmness', filter)}
      numbers={
        query.data && {
          head: ['Days', ...BANDS.map((b) => b.word)],
          rows: items.map(({ begins, ends, held }) => [
            daysWords(begins, ends),
            ...BANDS.map(({ key }) => (held ? count(held[key]) : 'unknown')),
          ]),
        }
      }
      note={notes.filter(Boolean).join(' ')}
    >
      <TimeBars
        label={`Contacts by warmness over time. ${takeaway}`}
        series={[...DRAWN].reverse()}
        items={items.map(({ begins, ends, held }) => ({
          label: barLabel(begins, query.data?.period.step ?? 'day'),
          title: `${daysWords(begins, ends)}: ${held ? BANDS.map(({ key, word }) => `${word} ${count(held[key])}`).join(', ') : 'unknown'}`,
          parts: held ? Object.fromEntries(DRAWN.map(({ key }) => [key, held[key]])) : null,
        }))}
      />
    </Chart>
  );
}
