import type { ReactNode } from 'react';
import type { Contact } from '../../api/schemas';
import { humanize } from '../../ui/figures';
import { Moment } from '../../ui/moment';

export function ContactFacts({ contact }: { contact: Contact }) {
  const edited = contact.edited.map(humanize);
  return (
    <dl className="facts">
      <Fact term="Last contacted">
        <Moment at={contact.last_contacted_at} />
      </Fact>
      <Fact term="Source">
        {contact.source ? humanize(contact.source) : <span className="dim">Unknown</span>}
      </Fact>
      <Fact term="Added">
        <Moment at={contact.created_at} />
      </Fact>
      <Fact term="Changed">
        <Moment at={contact.updated_at} />
      </Fact>
      {edited.length > 0 && (
        <Fact term="Edited here">{edited.join(', ')}. Imports leave these fields as they are.</Fact>
      )}
    </dl>
  );
}

const Fact = ({ term, children }: { term: string; children: ReactNode }) => (
  <>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </>
);
