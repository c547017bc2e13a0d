import { Checkbox, VisuallyHidden } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import type { VirtualItem } from '@tanstack/react-virtual';
import type { Contact, ProviderStatus } from '../../api/schemas';
import { Avatar } from '../../ui/avatar';
import { Moment } from '../../ui/moment';
import { listState, type Selection, toggle, toggleList } from '../../ui/selection';
import { Warmness } from '../../ui/warmness';
import { setWarmness } from './changes';
import { Links } from './links';
import { ariaSort, nextSort, type SortKey } from './url';

const COLUMNS: { key: string; label: string; width: string; sort?: SortKey }[] = [
  { key: 'name', label: 'Name', width: '26%', sort: 'name' },
  { key: 'organization', label: 'Organization', width: '17%' },
  { key: 'warmness', label: 'Warmness', width: '210px', sort: 'warmness' },
  { key: 'owner', label: 'Owner', width: '13%' },
  { key: 'linked', label: 'Linked to', width: '13%' },
  { key: 'created', label: 'Added', width: '12%', sort: 'created' },
  { key: 'updated', label: 'Changed', width: '12%', sort: 'updated' },
];

export type ListProps = {
  contacts: Contact[];
  items: VirtualItem[];
  top: number;
  bottom: number;
  total: number | null;
  providers: ProviderStatus[];
  onOpen: (id: string) => void;
};

type Props = ListProps & {
  sort: string | undefined;
  onSort: (sort: string | undefined) => void;
  selection: Selection;
  onSelection: (next: Selection) => void;
};

export function ContactTable({
  contacts,
  items,
  top,
  bottom,
  total,
  sort,
  onSort,
  onOpen,
  providers,
  selection,
  onSelection,
}: Props) {
  const ids = contacts.map((c) => c.id);
  const state = listState(selection, ids);
  return (
    // -1: the number of rows is unknown (ARIA 1.2).
    <table className="grid" aria-rowcount={total === null ? -1 : total + 1}>
      <caption>
        <VisuallyHidden>Contacts</VisuallyHidden>
      </caption>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col" style={{ width: 46 }}>
            <Checkbox
              size="xs"
              aria-label="Select all on this list"
              checked={state === 'all'}
              indeterminate={state === 'some'}
              onChange={() => onSelection(toggleList(selection, ids))}
            />
          </th>
          {COLUMNS.map((c) => {
            const by = c.sort;
            const order = by ? ariaSort(sort, by) : undefined;
            return (
              <th key={c.key} scope="col" style={{ width: c.width }} aria-sort={order}>
                {by ? (
                  <button type="button" onClick={() => onSort(nextSort(sort, by))}>
                    {c.label}
                    {order === 'ascending' && <IconArrowUp size={13} aria-hidden />}
                    {order === 'descending' && <IconArrowDown size={13} aria-hidden />}
                  </button>
                ) : (
                  c.label
                )}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {top > 0 && <Pad height={top} />}
        {items.map((item) => {
          const contact = contacts[item.index];
          return contact ? (
            <ContactRow
              key={item.key}
              contact={contact}
              index={item.index + 2}
              providers={providers}
              onOpen={onOpen}
              selected={selection.has(contact.id)}
              onSelect={() => onSelection(toggle(selection, contact.id))}
            />
          ) : (
            <tr key={item.key} aria-hidden>
              <td colSpan={COLUMNS.length + 1} className="dim">
                Loading more
              </td>
            </tr>
          );
        })}
        {bottom > 0 && <Pad height={bottom} />}
      </tbody>
    </table>
  );
}

const Pad = ({ height }: { height: number }) => (
  <tr data-pad aria-hidden>
    <td colSpan={COLUMNS.length + 1} style={{ height }} />
  </tr>
);

type RowProps = {
  contact: Contact;
  index: number;
  providers: ProviderStatus[];
  onOpen: (id: string) => void;
  selected: boolean;
  onSelect: () => void;
};

function ContactRow({ contact, index, providers, onOpen, selected, onSelect }: RowProps) {
  const email = contact.emails.find((e) => e.primary) ?? contact.emails[0];
  return (
    // The name in the row is the button; the row only widens its target.
    <tr aria-rowindex={index} data-open data-sel={selected || undefined} onClick={() => onOpen(contact.id)}>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the box must not open the row */}
      <td onClick={(event) => event.stopPropagation()}>
        <Checkbox
          size="xs"
          aria-label={`Select ${contact.full_name}`}
          checked={selected}
          onChange={onSelect}
        />
      </td>
      <td>
        <div className="who">
          <Avatar name={contact.full_name} />
          <div>
            <button
              type="button"
              className="primary"
              onClick={(event) => {
                event.stopPropagation();
                onOpen(contact.id);
              }}
            >
              {contact.full_name}
            </button>
            <small>{email?.value ?? contact.phones[0]?.value ?? 'No address yet'}</small>
          </div>
        </div>
      </td>
      <td>{contact.organization?.name ?? <span className="dim">None</span>}</td>
      <td>
        <Warmness
          value={contact.warmness}
          name={contact.full_name}
          onChange={(w) => setWarmness(contact, w)}
        />
      </td>
      <td>{contact.owner?.name ?? <span className="dim">Nobody</span>}</td>
      <td>
        <Links contact={contact} providers={providers} />
      </td>
      <td>
        <Moment at={contact.created_at} />
      </td>
      <td>
        <Moment at={contact.updated_at} />
      </td>
    </tr>
  );
}
