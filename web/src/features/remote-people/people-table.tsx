import { Checkbox, VisuallyHidden } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import type { RemotePerson } from '../../api/schemas';
import { MoreFailed } from '../../ui/more-failed';
import { ScrollRegion } from '../../ui/scroll-region';
import { listState, type Selection, toggle, toggleList } from '../../ui/selection';
import { usePhone } from '../../ui/use-phone';
import { PersonRows } from './person-rows';

type Props = {
  people: RemotePerson[];
  provider: string;
  more: boolean;
  busy: boolean;
  /** Why the next page did not come; each costs tokens, so it is asked for again by hand. */
  failed: Error | null;
  selection: Selection;
  onSelection: (next: Selection) => void;
  onMore: () => void;
};

export function PeopleTable({ people, provider, more, busy, failed, selection, onSelection, onMore }: Props) {
  const phone = usePhone();
  const [opened, open] = useState<string | null>(null);
  const box = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: people.length,
    getScrollElement: () => box.current,
    estimateSize: () => (phone ? 52 : 44),
    overscan: 8,
    getItemKey: (i) => people[i]?.remote_id ?? i,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  // Near the end only: each page costs the company some of its budget at the provider.
  useEffect(() => {
    if (more && !busy && !failed && people.length > 0 && last >= people.length - 5) onMore();
  }, [last, people.length, more, busy, failed, onMore]);

  const ids = people.map((p) => p.remote_id);
  const state = listState(selection, ids);
  const top = items[0]?.start ?? 0;
  const bottom = Math.max(0, virtual.getTotalSize() - (items.at(-1)?.end ?? 0));
  return (
    <ScrollRegion ref={box} label={`People in ${provider}`}>
      <table className={phone ? 'grid narrow' : 'grid'} aria-rowcount={more ? -1 : people.length + 1}>
        <caption>
          <VisuallyHidden>People in {provider}</VisuallyHidden>
        </caption>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" style={{ width: phone ? 44 : 52 }}>
              <Checkbox
                size="xs"
                aria-label="Select all on this list"
                checked={state === 'all'}
                indeterminate={state === 'some'}
                onChange={() => onSelection(toggleList(selection, ids))}
              />
            </th>
            <th scope="col">Name</th>
            {!phone && (
              <>
                <th scope="col" style={{ width: '27%' }}>
                  Email
                </th>
                <th scope="col" style={{ width: '19%' }}>
                  Organization
                </th>
                <th scope="col" className="r" style={{ width: 92 }}>
                  Open deals
                </th>
              </>
            )}
            <th scope="col" style={{ width: phone ? 92 : 110 }}>
              Status
            </th>
            <th scope="col" style={{ width: 56 }}>
              <VisuallyHidden>Details</VisuallyHidden>
            </th>
          </tr>
        </thead>
        {top > 0 && <Pad height={top} columns={phone ? 4 : 7} />}
        {items.map((item) => {
          const person = people[item.index];
          if (!person) return null;
          const id = person.remote_id;
          return (
            <PersonRows
              key={item.key}
              ref={virtual.measureElement}
              index={item.index}
              person={person}
              provider={provider}
              phone={phone}
              selected={selection.has(id)}
              opened={opened === id}
              onSelect={() => onSelection(toggle(selection, id))}
              onOpen={() => open((now) => (now === id ? null : id))}
            />
          );
        })}
        {bottom > 0 && <Pad height={bottom} columns={phone ? 4 : 7} />}
      </table>
      {busy && <p className="more">Loading more people</p>}
      {failed && !busy && <MoreFailed error={failed} onRetry={onMore} />}
    </ScrollRegion>
  );
}

const Pad = ({ height, columns }: { height: number; columns: number }) => (
  <tbody aria-hidden>
    <tr data-pad>
      <td colSpan={columns} style={{ height }} />
    </tr>
  </tbody>
);
