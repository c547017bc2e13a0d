import '../styles/deliveries.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { deliveryQuery } from '../api/deliveries';
import { statusQuery } from '../api/integrations';
import { asProblem } from '../api/problem';
import type { DeliveryStory } from '../api/schemas';
import { DeliveryActions } from '../features/deliveries/actions';
import { Attempts } from '../features/deliveries/attempts';
import { Told } from '../features/deliveries/story';
import { fieldWord, kindOf, STATE, TRIGGER } from '../features/deliveries/words';
import { atWhen } from '../ui/days';
import { EmptyState } from '../ui/empty-state';
import { sentence } from '../ui/figures';
import { LinkButton } from '../ui/link-button';
import { Moment } from '../ui/moment';
import { PageHead } from '../ui/page-head';
import { ProviderTile } from '../ui/provider-tile';
import { SkeletonRows } from '../ui/skeleton-rows';
import { StatusWord } from '../ui/status-word';

export function DeliveryRoute() {
  const { id } = useParams({ from: '/workspace/sync-logs/deliveries/$id' });
  const { data, error } = useQuery(deliveryQuery(id));
  if (data) return <Delivery story={data} />;
  const missing = error && asProblem(error).status === 404;
  return (
    <>
      <PageHead title="Delivery" />
      {error ? (
        <EmptyState
          kind="failed"
          title={missing ? 'There is no such delivery' : 'The delivery could not be loaded'}
          action={<LinkButton to="/sync-logs/deliveries">All deliveries</LinkButton>}
        >
          {missing ? 'It may belong to another company.' : asProblem(error).message}
        </EmptyState>
      ) : (
        <SkeletonRows />
      )}
    </>
  );
}

function Delivery({ story: { delivery: d, attempts } }: { story: DeliveryStory }) {
  const { data: status } = useQuery(statusQuery);
  const color = status?.providers.find((p) => p.provider === d.provider)?.color;
  const name = d.contact.full_name;
  const state = STATE[d.state];
  const waits = d.state === 'retrying' || d.state === 'unknown';
  return (
    <>
      <PageHead
        title={`${name ?? 'A deleted contact'} to ${d.provider_name}`}
        lead={<ProviderTile name={d.provider_name} color={color} large />}
      >
        <Link to="/sync-logs/deliveries" activeOptions={{ exact: true }}>
          All deliveries
        </Link>
      </PageHead>
      <div className="body">
        <section className="section" aria-label="State">
          <p role="status" className="standing">
            <StatusWord tone={state.tone}>{state.word}</StatusWord>
            <Told delivery={d} />
          </p>
          {d.objections.length > 1 && (
            <ul className="plain">
              {d.objections.map((o) => (
                <li key={`${o.field}-${o.words}`}>
                  {o.field && <b>{sentence(fieldWord(o.field) ?? '')}: </b>}
                  {o.words}
                </li>
              ))}
            </ul>
          )}
          <div className="row-acts">
            {d.url && (
              <a href={d.url} target="_blank" rel="noreferrer">
                Open in {d.provider_name}
              </a>
            )}
            <DeliveryActions delivery={d} size="sm" />
          </div>
        </section>
        <section className="section" aria-label="About this delivery">
          <h2>About this delivery</h2>
          <dl className="facts">
            <dt>What</dt>
            <dd>
              {kindOf(d)}
              {d.activity?.subject && `: ${d.activity.subject}`}
            </dd>
            <dt>Contact</dt>
            <dd>
              {name ? (
                <Link to="/contacts/person/$id" params={{ id: d.contact.id }}>
                  {name}
                </Link>
              ) : (
                'Deleted'
              )}
            </dd>
            <dt>Set off by</dt>
            <dd>
              {TRIGGER[d.trigger] ?? d.trigger}
              {d.requested_by && `, ${d.requested_by.name}`}, <Moment at={d.created_at} />
            </dd>
            <dt>Tries</dt>
            <dd className="num">{d.attempts}</dd>
            {waits && (
              <>
                <dt>Next try</dt>
                <dd>{d.next_at ? atWhen(d.next_at) : 'in a moment'}</dd>
                <dt>Given up</dt>
                <dd>{atWhen(d.give_up_at)}, when nothing comes through until then</dd>
              </>
            )}
            {d.delivered_at && (
              <>
                <dt>Delivered</dt>
                <dd>
                  <Moment at={d.delivered_at} />
                </dd>
              </>
            )}
            <dt>Reference</dt>
            <dd className="ref">{d.id}</dd>
          </dl>
        </section>
        <section className="section" aria-label="Attempts">
          <h2>What was tried</h2>
          <Attempts attempts={attempts} />
        </section>
      </div>
    </>
  );
}
