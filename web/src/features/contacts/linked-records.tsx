import type { LinkedRecord, ProviderStatus } from '../../api/schemas';
import { Moment } from '../../ui/moment';
import { ProviderTile } from '../../ui/provider-tile';
import { StatusWord } from '../../ui/status-word';
import { providerName } from './links';

export function LinkedRecords({
  linked,
  providers,
}: {
  linked: LinkedRecord[];
  providers: ProviderStatus[];
}) {
  return (
    <section className="stackv" aria-label="Linked CRM records">
      <h2>Linked CRM records</h2>
      {linked.length === 0 && (
        <p className="hint">None. An import links this person when an address matches.</p>
      )}
      <ul className="linked">
        {linked.map((record) => {
          const name = providerName(providers, record.provider);
          return (
            <li key={`${record.provider}-${record.remote_id}`}>
              <ProviderTile
                name={name}
                color={providers.find((p) => p.provider === record.provider)?.color}
              />
              {record.url ? (
                <a href={record.url} target="_blank" rel="noreferrer">
                  {name} {record.remote_id}
                </a>
              ) : (
                <span>
                  {name} {record.remote_id}
                </span>
              )}
              <StatusWord tone={record.state === 'gone' ? 'warn' : 'ok'}>
                {record.state === 'gone' ? 'Deleted there' : 'In sync'}
              </StatusWord>
              <Moment at={record.last_synced_at} none="Not yet read" />
            </li>
          );
        })}
      </ul>
    </section>
  );
}
