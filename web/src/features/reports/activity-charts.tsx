import { useQuery } from '@tanstack/react-query';
import { csvHref, meetingsReport, membersReport, methodsReport, type ReportFilter } from '../../api/reports';
import { count } from '../../ui/figures';
import { RowBars, TimeBars } from './bars';
import { Chart } from './chart';
import { manyOf } from './methods';
import { barLabel, daysWords, meetingsWords, memberName, membersWords, methodsWords, share } from './words';

type Props = { filter: ReportFilter };

export function MeetingsChart({ filter }: Props) {
  const query = useQuery(meetingsReport(filter));
  const takeaway = query.data && meetingsWords(query.data);
  const items = query.data?.items ?? [];
  return (
    <Chart
      title="Meetings requested and booked"
      nothing={query.data && items.every((i) => i.requested === 0)}
      takeaway={takeaway}
      query={query}
      csv={csvHref('meetings', filter)}
      numbers={
        query.data && {
          head: ['Days', 'Requested', 'Booked'],
          rows: items.map((i) => [daysWords(i.begins, i.ends), count(i.requested), count(i.booked)]),
        }
      }
      note={filter.method && 'A meeting is a method of its own: the method above is not applied here.'}
    >
      <TimeBars
        label={`Meetings over time. ${takeaway}`}
        series={[
          { key: 'booked', word: 'Booked' },
          { key: 'asked', word: 'Only asked for' },
        ]}
        items={items.map((i) => ({
          label: barLabel(i.begins, query.data?.period.step ?? 'day'),
          title: `${daysWords(i.begins, i.ends)}: ${count(i.booked)} booked of ${count(i.requested)} asked for`,
          parts: { booked: i.booked, asked: i.requested - i.booked },
        }))}
      />
    </Chart>
  );
}

export function MethodsChart({ filter }: Props) {
  const query = useQuery(methodsReport(filter));
  const takeaway = query.data && methodsWords(query.data);
  const items = query.data?.items ?? [];
  const all = items.reduce((n, i) => n + i.done, 0);
  return (
    <Chart
      beside
      title="Outreach by method"
      takeaway={takeaway}
      query={query}
      csv={csvHref('methods', filter)}
      numbers={
        query.data && {
          head: ['Method', 'Done', 'Share'],
          rows: items.map((i) => [manyOf(i.method), count(i.done), share(i.done, all)]),
        }
      }
    >
      <RowBars
        label={`Outreach by method. ${takeaway}`}
        rows={items.map((i) => ({ key: i.method, word: manyOf(i.method), n: i.done }))}
      />
    </Chart>
  );
}

export function TeamChart({ filter }: Props) {
  const query = useQuery(membersReport(filter));
  const takeaway = query.data && membersWords(query.data);
  const items = query.data?.items ?? [];
  return (
    <Chart
      beside
      title="Team"
      nothing={query.data && items.every((i) => i.done === 0 && i.requested === 0)}
      takeaway={takeaway}
      query={query}
      csv={csvHref('members', filter)}
      numbers={
        query.data && {
          head: ['Member', 'Done', 'Meetings requested', 'Meetings booked'],
          rows: items.map((i) => [memberName(i), count(i.done), count(i.requested), count(i.booked)]),
        }
      }
      note={
        filter.method &&
        `What was done counts ${manyOf(filter.method)} alone; meetings are counted all the same.`
      }
    >
      <RowBars
        label={`Activities by member. ${takeaway}`}
        rows={items.map((i) => ({
          key: i.member?.member_id ?? 'former',
          word: memberName(i),
          n: i.done,
          note: i.requested > 0 ? `${count(i.booked)} of ${count(i.requested)} meetings booked` : undefined,
        }))}
      />
    </Chart>
  );
}
