import '../styles/bulk.css';
import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { contactsQuery } from '../api/contacts';
import { statusQuery } from '../api/integrations';
import { AddMenu } from '../features/contacts/add-menu';
import { ContactFilters } from '../features/contacts/contact-filters';
import { ContactList } from '../features/contacts/contact-list';
import { exportMany } from '../features/contacts/export';
import { type ContactsSearch, conditionsOf, filterOf, isFiltered } from '../features/contacts/url';
import { EmptyState } from '../ui/empty-state';
import { counted } from '../ui/figures';
import { PageHead } from '../ui/page-head';
import { NOBODY, type Selection } from '../ui/selection';
import { toast } from '../ui/toast';
import { usePhone } from '../ui/use-phone';

const UpgradeCall = lazy(() =>
  import('../features/billing/upgrade-call').then((m) => ({ default: m.UpgradeCall })),
);
const AddContact = lazy(() =>
  import('../features/contacts/add-contact').then((m) => ({ default: m.AddContact })),
);
// Most visits select nobody.
const BulkBar = lazy(() => import('../features/contacts/bulk-bar').then((m) => ({ default: m.BulkBar })));
// A person beside the list is not what most visits begin with.
const PersonBeside = lazy(() => import('./person-beside').then((m) => ({ default: m.PersonBeside })));

export function ContactsRoute() {
  const search = useSearch({ from: '/workspace/contacts' });
  const navigate = useNavigate({ from: '/contacts' });
  const phone = usePhone();
  const { data: status } = useQuery(statusQuery);
  const list = useInfiniteQuery(contactsQuery(filterOf(search)));
  const providers = status?.providers ?? [];
  const total = list.data?.pages[0]?.total;
  const [selection, select] = useState<Selection>(NOBODY);
  const [selecting, setSelecting] = useState(false);
  // Who is selected under one filter is not meant under another.
  const asked = JSON.stringify(conditionsOf(search));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the filter is what it depends on
  useEffect(() => select(NOBODY), [asked]);
  // Filters replace the address; a person opened is a step that "back" undoes.
  const change = (part: Partial<ContactsSearch>, step = false) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: !step });
  // Beside the list where there is room, a page of its own where there is none.
  const open = (id: string) =>
    phone ? void navigate({ to: '/contacts/person/$id', params: { id } }) : change({ contact: id }, true);
  const importFrom = providers.find((p) => p.allowed && (p.configured || p.connection));

  return (
    <>
      <PageHead title="Contacts" sub={total == null ? undefined : counted(total, 'person', 'people')}>
        {phone && (
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={() => {
              setSelecting(!selecting);
              select(NOBODY);
            }}
          >
            {selecting ? 'Done' : 'Select'}
          </Button>
        )}
        {!phone && total !== 0 && (
          <Button variant="default" onClick={() => void exportMany({ filter: conditionsOf(search) })}>
            Export
          </Button>
        )}
        <AddMenu providers={providers} onAddOne={() => change({ add: 'one' }, true)} />
      </PageHead>
      {search.upgrade && (
        <Suspense fallback={null}>
          <UpgradeCall
            plan={search.upgrade}
            from={search.from}
            fromName={providers.find((p) => p.provider === search.from)?.name}
          />
        </Suspense>
      )}
      <ContactFilters search={search} providers={providers} onChange={change} />
      <ContactList
        search={search}
        providers={providers}
        onSort={(sort) => change({ sort })}
        onOpen={open}
        selecting={selecting}
        selection={selection}
        onSelection={select}
        empty={
          isFiltered(search) ? (
            <EmptyState
              kind="no-match"
              title="Nobody matches"
              action={
                <Button variant="default" onClick={() => void navigate({ search: {} })}>
                  Clear filters
                </Button>
              }
            >
              No contact fits the search and the filters above.
            </EmptyState>
          ) : (
            <EmptyState
              kind="first"
              title="No contacts yet"
              action={
                importFrom ? (
                  <Button
                    onClick={() =>
                      void navigate({ to: '/contacts/$provider', params: { provider: importFrom.provider } })
                    }
                  >
                    Import from {importFrom.name}
                  </Button>
                ) : (
                  <Button onClick={() => change({ add: 'one' }, true)}>Add one person</Button>
                )
              }
            >
              Import the people your team already has in its CRM, or add one by hand. Nobody is added twice.
            </EmptyState>
          )
        }
      />
      {selection.size > 0 && (
        <Suspense fallback={null}>
          <BulkBar
            selection={selection}
            loaded={list.data?.pages.reduce((n, p) => n + p.items.length, 0) ?? 0}
            total={total ?? null}
            filter={conditionsOf(search)}
            onClear={() => select(NOBODY)}
          />
        </Suspense>
      )}
      {search.contact && (
        <Suspense fallback={null}>
          <PersonBeside
            key={search.contact}
            id={search.contact}
            providers={providers}
            onClose={() => change({ contact: undefined })}
          />
        </Suspense>
      )}
      {search.add === 'one' && (
        <Suspense fallback={null}>
          <AddContact
            opened
            onClose={() => change({ add: undefined })}
            onCreated={(contact) => {
              toast({ title: `${contact.full_name} was added` });
              change({ add: undefined, contact: contact.id });
            }}
          />
        </Suspense>
      )}
    </>
  );
}
