import { Link } from '@tanstack/react-router';
import type { RemotePerson } from '../../api/schemas';
import { DiffTable } from '../../ui/diff-table';
import { counted, humanize } from '../../ui/figures';
import { Moment } from '../../ui/moment';
import { usePhone } from '../../ui/use-phone';
import { BADGES } from './badges';

/** Field by field: here, there, and what will be saved. Fields that differ come first. */
export function PersonDetails({ person, provider }: { person: RemotePerson; provider: string }) {
  const phone = usePhone();
  const rows = [...person.comparison]
    .sort((a, b) => Number(b.differs) - Number(a.differs))
    .map((c) => ({
      field: humanize(c.field),
      before: c.here ?? null,
      there: c.there ?? null,
      after: c.after ?? null,
    }));
  const facts = [
    person.owner_name && `Owned by ${person.owner_name}`,
    person.open_deals != null && counted(person.open_deals, 'open deal', 'open deals'),
    person.closed_deals != null && counted(person.closed_deals, 'closed deal', 'closed deals'),
    person.labels.length > 0 && person.labels.join(', '),
  ].filter(Boolean);
  return (
    <div className="stackv">
      <span className="hint">
        {BADGES[person.badge].means(provider)}{' '}
        {person.contact ? (
          <Link to="/contacts" search={{ contact: person.contact.id }}>
            Open {person.contact.full_name}
          </Link>
        ) : (
          (person.badge === 'linked' || person.badge === 'synced') &&
          'The contact belongs to a colleague, so it is not shown.'
        )}
      </span>
      {person.held && <span className="hint">An import would leave this person out: {person.held}</span>}
      {rows.length > 0 && (
        <DiffTable
          rows={rows}
          caption={`${person.name}, compared`}
          heads={phone ? ['Here', 'After import'] : ['In Tandem', `In ${provider}`, 'After the import']}
        />
      )}
      <span className="hint">
        {facts.join(' · ')}
        {facts.length > 0 && person.updated_at && ' · '}
        {person.updated_at && (
          <>
            Changed there <Moment at={person.updated_at} />
          </>
        )}
      </span>
    </div>
  );
}
