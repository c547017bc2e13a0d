import { useQuery } from '@tanstack/react-query';
import { csvHref, type ReportFilter, syncReport } from '../../api/reports';
import { count } from '../../ui/figures';
import { RowBars, TimeBars } from './bars';
import { Chart } from './chart';
import { barLabel, daysWords, OUTCOMES, outcomesWords, runsWords, SPEEDS, speedWords } from './words';

const RUNS = [
  { key: 'completed', word: 'Completed' },
  { key: 'under_way', word: 'Under way' },
  { key: 'cancelled', word: 'Cancelled' },
  { key: 'failed', word: 'Failed' },
] as const;

const TONES: Record<string, string> = { delivered: 'done', failed: 'failed', dead: 'failed' };

/** How it goes with the CRMs. Campaign and method say nothing of it. */
export function SyncCharts({ filter }: { filter: ReportFilter }) {
  const query = useQuery(syncReport(filter));
  const report = query.data;
  const csv = csvHref('sync', filter);
  const note = (filter.campaign || filter.method) && 'Campaign and method above are not applied here.';
  const runs = report && runsWords(report);
  const outcomes = report && outcomesWords(report);
  const speed = report && speedWords(report);
  return (
    <>
      <Chart
        title="Imports"
        nothing={report?.runs.every((r) => RUNS.every(({ key }) => r[key] === 0))}
        takeaway={runs}
        query={query}
        csv={csv}
        note={note}
        numbers={
          report && {
            head: ['Days', ...RUNS.map((r) => r.word), 'People looked at'],
            rows: report.runs.map((i) => [
              daysWords(i.begins, i.ends),
              ...RUNS.map(({ key }) => count(i[key])),
              count(i.seen),
            ]),
          }
        }
      >
        <TimeBars
          label={`Imports over time. ${runs}`}
          series={[...RUNS]}
          items={(report?.runs ?? []).map((i) => ({
            label: barLabel(i.begins, report?.period.step ?? 'day'),
            title: `${daysWords(i.begins, i.ends)}: ${RUNS.map(({ key, word }) => `${word} ${count(i[key])}`).join(', ')}`,
            parts: Object.fromEntries(RUNS.map(({ key }) => [key, i[key]])),
          }))}
        />
      </Chart>
      <Chart
        beside
        title="Deliveries to CRMs"
        takeaway={outcomes}
        query={query}
        csv={csv}
        note={note}
        numbers={
          report && {
            head: ['Outcome', 'Deliveries'],
            rows: report.outcomes.map((o) => [OUTCOMES[o.state] ?? o.state, count(o.deliveries)]),
          }
        }
      >
        <RowBars
          label={`Deliveries by outcome. ${outcomes}`}
          rows={(report?.outcomes ?? []).map((o) => ({
            key: o.state,
            word: OUTCOMES[o.state] ?? o.state,
            n: o.deliveries,
            series: TONES[o.state] ?? 'waiting',
          }))}
        />
      </Chart>
      <Chart
        wide
        title="Time to CRM"
        nothing={report && SPEEDS.every(({ key }) => report.time_to_crm[key] === 0)}
        takeaway={speed}
        query={query}
        csv={csv}
        note={note}
        numbers={
          report && {
            head: ['Took', 'Deliveries'],
            rows: SPEEDS.map(({ key, word }) => [word, count(report.time_to_crm[key])]),
          }
        }
      >
        <RowBars
          label={`Deliveries by how long they took. ${speed}`}
          rows={SPEEDS.map(({ key, word }) => ({ key, word, n: report?.time_to_crm[key] ?? 0 }))}
        />
      </Chart>
    </>
  );
}
