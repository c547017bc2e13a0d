import { Link } from '@tanstack/react-router';
import type { Delivery } from '../../api/schemas';
import { Moment } from '../../ui/moment';
import { ProviderTile } from '../../ui/provider-tile';
import { StatusWord } from '../../ui/status-word';
import { DeliveryActions } from './actions';
import { Told } from './story';
import { kindOf, STATE } from './words';

type Props = { deliveries: Delivery[]; colors: Record<string, string> };

/** One line each: who and what, how it stands in words, what to do. */
export const DeliveryList = ({ deliveries, colors }: Props) => (
  <ul className="deliveries">
    {deliveries.map((d) => (
      <li key={d.id}>
        <ProviderTile name={d.provider_name} color={colors[d.provider]} />
        <div className="who2">
          <Link to="/sync-logs/deliveries/$id" params={{ id: d.id }} className="primary">
            {d.contact.full_name ?? 'A deleted contact'}
          </Link>
          <small>
            {kindOf(d)}
            <span className="when">
              , <Moment at={d.updated_at} />
            </span>
          </small>
        </div>
        <StatusWord tone={STATE[d.state].tone}>{STATE[d.state].word}</StatusWord>
        <div className="says">
          <Told delivery={d} />
        </div>
        <div className="row-acts">
          <DeliveryActions delivery={d} />
        </div>
        <span className="since">
          <Moment at={d.updated_at} />
        </span>
      </li>
    ))}
  </ul>
);
