import { useQuery } from '@tanstack/react-query';
import { companyQuery } from '../../api/company';
import { deliveriesOf } from '../../api/deliveries';
import type { Contact, Delivery, ProviderStatus } from '../../api/schemas';
import { Moment } from '../../ui/moment';
import { ProviderTile } from '../../ui/provider-tile';
import { StatusWord } from '../../ui/status-word';
import { DeliveryActions } from './actions';
import { CrmMenu } from './crm-menu';
import { SendContact } from './send-contact';
import { StageButton } from './stage-button';
import { standOf } from './standing';
import { Story } from './story';
import { kindOf } from './words';

type Props = { contact: Contact; providers: ProviderStatus[]; onEdit: (field: string) => void };

/** The contact at each connected CRM: what is there, what became of the last delivery, what to do. */
export function CrmStates({ contact, providers, onEdit }: Props) {
  const { data } = useQuery(deliveriesOf(contact.id));
  const deliveries = data?.items ?? [];
  const linkedTo = new Set(contact.linked.map((l) => l.provider));
  const used = providers.filter(
    (p) =>
      (p.connection && p.connection.state !== 'disconnected') ||
      linkedTo.has(p.provider) ||
      deliveries.some((d) => d.provider === p.provider),
  );
  return (
    <section className="crm" aria-label="In your CRM">
      <h2>In your CRM</h2>
      {used.length === 0 && <p className="hint">No CRM is connected, so this person is only here.</p>}
      <ul>
        {used.map((p) => (
          <AtProvider
            key={p.provider}
            contact={contact}
            provider={p}
            deliveries={deliveries}
            ready={Boolean(data)}
            onEdit={onEdit}
          />
        ))}
      </ul>
    </section>
  );
}

type AtProps = {
  contact: Contact;
  provider: ProviderStatus;
  deliveries: Delivery[];
  ready: boolean;
  onEdit: (field: string) => void;
};

function AtProvider({ contact, provider: p, deliveries, ready, onEdit }: AtProps) {
  const { data: company } = useQuery(companyQuery);
  const { lead, troubled } = standOf(deliveries, p.provider);
  const records = contact.linked.filter((l) => l.provider === p.provider);
  const linked = records.find((l) => l.state !== 'gone');
  const gone = !linked && records.length > 0;
  const url = linked?.url ?? (lead?.state === 'delivered' ? lead.url : null);
  const from = company?.warm_threshold;
  return (
    <li>
      <ProviderTile name={p.name} color={p.color} />
      <div>
        <p className="t">
          <b>{p.name}</b>
          {url && (
            <a href={url} target="_blank" rel="noreferrer">
              Open the record
            </a>
          )}
        </p>
        {lead ? (
          <Story delivery={lead} />
        ) : linked ? (
          <span className="story">
            <StatusWord tone="ok">Linked</StatusWord>
            <span className="told">
              Last read <Moment at={linked.last_synced_at} none="not yet" />.
            </span>
          </span>
        ) : (
          <span className="story">
            <StatusWord tone="idle">Not there</StatusWord>
            {ready && from !== undefined && (
              <span className="told">
                {contact.warmness >= from
                  ? 'Warm, but it was so before this CRM was connected or the threshold lowered. It goes there when you send it.'
                  : `Goes there by itself from warmness ${from}, or when a meeting is booked.`}
              </span>
            )}
          </span>
        )}
        {gone && <p className="hint">The record there was deleted. The contact stays here.</p>}
        <div className="row-acts">
          {lead && <DeliveryActions delivery={lead} onEdit={onEdit} />}
          {ready && !linked && (!lead || (lead.state === 'delivered' && gone)) && (
            <>
              <SendContact contact={contact} provider={p} />
              <StageButton contact={contact} provider={p} />
            </>
          )}
          {linked && <CrmMenu contact={contact} provider={p} />}
        </div>
        {troubled.length > 0 && (
          <ul className="troubled">
            {troubled.slice(0, 3).map((d) => (
              <li key={d.id}>
                <span className="dim">{d.activity?.subject ?? kindOf(d)}</span>
                <Story delivery={d} />
                <span className="row-acts">
                  <DeliveryActions delivery={d} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}
