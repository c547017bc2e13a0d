import { Link } from '@tanstack/react-router';
import type { ProviderStatus } from '../../api/schemas';
import { count } from '../../ui/figures';
import { StatusWord } from '../../ui/status-word';
import { SendWarm } from './send-warm';

/** What is to go to the CRM and has not arrived; each number opens its list. */
export function Backlog({ provider: p }: { provider: ProviderStatus }) {
  const backlog = p.connection?.deliveries;
  if (!backlog) return null;
  const { waiting, failing, held } = backlog;
  const calm = waiting + failing + held === 0;
  const list = (state: string, n: number, words: string, tone: 'warn' | 'bad') =>
    n > 0 && (
      <StatusWord tone={tone}>
        <Link to="/sync-logs/deliveries" search={{ provider: p.provider, state }}>
          {count(n)} {words}
        </Link>
      </StatusWord>
    );
  return (
    <section className="wide backlog" aria-label={`Deliveries to ${p.name}`}>
      <h3>Going to {p.name}</h3>
      <div className="row-acts">
        {calm && <StatusWord tone="ok">Everything arrived</StatusWord>}
        {list('failing', failing, failing === 1 ? 'needs you' : 'need you', 'bad')}
        {list('held', held, 'held', 'warn')}
        {list('waiting', waiting, 'waiting', 'warn')}
        <Link to="/sync-logs/deliveries" search={{ provider: p.provider }}>
          All deliveries
        </Link>
        <SendWarm provider={p.provider} name={p.name} />
      </div>
    </section>
  );
}
