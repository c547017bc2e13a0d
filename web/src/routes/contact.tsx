import '../styles/record.css';
import '../styles/timeline.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { contactQuery } from '../api/contacts';
import { deliveriesOf } from '../api/deliveries';
import { statusQuery } from '../api/integrations';
import { asProblem } from '../api/problem';
import type { Contact } from '../api/schemas';
import { LogButton } from '../features/activities/log-button';
import { openLog, useLogSubject } from '../features/activities/log-request';
import { Timeline } from '../features/activities/timeline';
import { setWarmness } from '../features/contacts/changes';
import { ContactFacts } from '../features/contacts/contact-facts';
import { ContactFields } from '../features/contacts/contact-fields';
import { CustomFields } from '../features/contacts/custom-fields';
import { DeleteContact } from '../features/contacts/delete-contact';
import { Reach } from '../features/contacts/reach';
import { CopyStates } from '../features/deliveries/copy-state';
import { CrmStates } from '../features/deliveries/crm-states';
import { objectionsOf } from '../features/deliveries/standing';
import { Avatar } from '../ui/avatar';
import { EmptyState } from '../ui/empty-state';
import { LinkButton } from '../ui/link-button';
import { PageHead } from '../ui/page-head';
import { SkeletonRows } from '../ui/skeleton-rows';
import { Warmness } from '../ui/warmness';

export function ContactRoute() {
  const { id } = useParams({ from: '/workspace/contacts/person/$id' });
  const { data, error } = useQuery(contactQuery(id));
  if (data) return <Person contact={data} key={id} />;
  const missing = error && asProblem(error).status === 404;
  return (
    <>
      <PageHead title="Contact" />
      {error ? (
        <EmptyState
          kind="failed"
          title={missing ? 'There is no such contact' : 'This contact could not be loaded'}
          action={<LinkButton to="/contacts">All contacts</LinkButton>}
        >
          {missing ? 'It may have been deleted, or it belongs to somebody else.' : asProblem(error).message}
        </EmptyState>
      ) : (
        <SkeletonRows />
      )}
    </>
  );
}

function Person({ contact }: { contact: Contact }) {
  const navigate = useNavigate();
  const { data: status } = useQuery(statusQuery);
  const { data: deliveries } = useQuery(deliveriesOf(contact.id));
  useLogSubject(contact.id, contact.full_name);
  const { edit } = useSearch({ from: '/workspace/contacts/person/$id' });
  const [asked, ask] = useState(edit ? { field: edit } : undefined);
  const reach = contact.emails.find((e) => e.primary) ?? contact.emails[0];
  return (
    <>
      <PageHead
        title={contact.full_name}
        lead={<Avatar name={contact.full_name} />}
        sub={[contact.organization?.name, reach?.value].filter(Boolean).join(', ') || undefined}
      >
        <LogButton where="head" />
      </PageHead>
      <div className="record">
        <div className="main">
          <Reach contact={contact} onCall={() => openLog()} />
          <section className="warm" aria-label="Warmness">
            <h2>Warmness</h2>
            <Warmness
              value={contact.warmness}
              name={contact.full_name}
              always
              onChange={(w) => setWarmness(contact, w)}
            />
          </section>
          <CrmStates
            contact={contact}
            providers={status?.providers ?? []}
            onEdit={(field) => ask({ field })}
          />
          <section aria-label="Timeline">
            <h2 className="over">
              Timeline
              <Link to="/activities" search={{ contact: contact.id }}>
                Filter in activities
              </Link>
            </h2>
            <Timeline
              filter={{ contact: contact.id }}
              crm={(activity) => <CopyStates activity={activity} />}
              empty={
                <EmptyState kind="first" title="Nothing was logged yet">
                  Log a call, an e-mail or a meeting, and what comes of it stands here. A booked meeting
                  brings the contact to your CRM.
                </EmptyState>
              }
            />
          </section>
        </div>
        <aside className="facts-side" aria-label="Facts">
          <h2>Facts</h2>
          <ContactFields contact={contact} objections={objectionsOf(deliveries?.items ?? [])} asked={asked} />
          <ContactFacts contact={contact} />
          <CustomFields fields={contact.custom_fields} />
          <DeleteContact contact={contact} onDeleted={() => void navigate({ to: '/contacts' })} />
        </aside>
      </div>
      <LogButton where="thumb" />
    </>
  );
}
