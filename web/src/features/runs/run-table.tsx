import { Link } from '@tanstack/react-router';
import type { Run } from '../../api/schemas';
import { count } from '../../ui/figures';
import { Moment } from '../../ui/moment';
import { FileTile, ProviderTile } from '../../ui/provider-tile';
import { StatusWord } from '../../ui/status-word';
import { usePhone } from '../../ui/use-phone';
import { askerWords, modeWords, STATE, summary } from './words';

type Props = { runs: Run[]; colors: Record<string, string> };

export function RunTable({ runs, colors }: Props) {
  const phone = usePhone();
  return phone ? <RunCards runs={runs} colors={colors} /> : <Wide runs={runs} colors={colors} />;
}

function Source({ run, colors, large }: { run: Run; colors: Props['colors']; large?: boolean }) {
  if (!run.connection_id) return <FileTile large={large} />;
  return <ProviderTile name={run.provider_name} color={colors[run.provider]} large={large} />;
}

function RunCards({ runs, colors }: Props) {
  return (
    <ul className="cards">
      {runs.map((run) => (
        <li key={run.id}>
          <Link to="/sync-logs/$id" params={{ id: run.id }} className="row">
            <Source run={run} colors={colors} large />
            <span style={{ minWidth: 0 }}>
              <b>
                {modeWords(run)} from {run.provider_name}
              </b>
              <span className="l2 num">{summary(run)}</span>
            </span>
            <span className="end">
              <StatusWord tone={STATE[run.state].tone}>{STATE[run.state].word}</StatusWord>
              <Moment at={run.created_at} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Wide({ runs, colors }: Props) {
  return (
    <table className="grid">
      <thead>
        <tr>
          <th scope="col" style={{ width: '24%' }}>
            Run
          </th>
          <th scope="col" style={{ width: 120 }}>
            State
          </th>
          <th scope="col" className="r" style={{ width: 96 }}>
            Read
          </th>
          <th scope="col">Result</th>
          <th scope="col" style={{ width: '15%' }}>
            Started by
          </th>
          <th scope="col" style={{ width: 132 }}>
            Started
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.id}>
            <td>
              <div className="who">
                <Source run={run} colors={colors} />
                <div>
                  <Link to="/sync-logs/$id" params={{ id: run.id }} className="primary">
                    {modeWords(run)} from {run.provider_name}
                  </Link>
                </div>
              </div>
            </td>
            <td>
              <StatusWord tone={STATE[run.state].tone}>{STATE[run.state].word}</StatusWord>
            </td>
            <td className="num r">{count(run.seen)}</td>
            <td className="num" title={summary(run)}>
              {summary(run)}
            </td>
            <td>{run.requested_by?.name ?? <span className="dim">{askerWords(run)}</span>}</td>
            <td>
              <Moment at={run.created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
