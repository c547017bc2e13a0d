import { ActionIcon, Checkbox } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import type { Ref } from 'react';
import type { RemotePerson } from '../../api/schemas';
import { Avatar } from '../../ui/avatar';
import { StatusWord } from '../../ui/status-word';
import { BADGES } from './badges';
import { PersonDetails } from './person-details';

type Props = {
  person: RemotePerson;
  provider: string;
  index: number;
  phone: boolean;
  selected: boolean;
  opened: boolean;
  onSelect: () => void;
  onOpen: () => void;
  ref: Ref<HTMLTableSectionElement>;
};

/** A person and, when asked for, the comparison below: one table body, so that its height can be measured. */
export function PersonRows({
  person,
  provider,
  index,
  phone,
  selected,
  opened,
  onSelect,
  onOpen,
  ref,
}: Props) {
  const email = person.emails.find((e) => e.primary) ?? person.emails[0];
  const badge = BADGES[person.badge];
  const details = `details-${person.remote_id}`;
  const deals = person.open_deals;
  return (
    <tbody ref={ref} data-index={index}>
      <tr aria-rowindex={index + 2} data-sel={selected || undefined}>
        <td>
          <Checkbox size="xs" aria-label={`Select ${person.name}`} checked={selected} onChange={onSelect} />
        </td>
        <td>
          <div className="who">
            {!phone && <Avatar name={person.name} />}
            <div>
              <span className="primary">{person.name}</span>
              {phone && <small>{email?.value ?? 'No email'}</small>}
            </div>
          </div>
        </td>
        {!phone && (
          <>
            <td>{email?.value ?? <span className="dim">No email</span>}</td>
            <td>{person.organization?.name ?? <span className="dim">None</span>}</td>
            <td className="num r">{deals ?? <span className="dim">–</span>}</td>
          </>
        )}
        <td>
          <span title={badge.means(provider)}>
            <StatusWord tone={badge.tone}>{badge.word}</StatusWord>
          </span>
        </td>
        <td className="r act">
          <ActionIcon
            variant="subtle"
            color="gray"
            size={phone ? 36 : 28}
            aria-expanded={opened}
            aria-controls={opened ? details : undefined}
            aria-label={`Details of ${person.name}`}
            onClick={onOpen}
          >
            {opened ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
          </ActionIcon>
        </td>
      </tr>
      {opened && (
        <tr className="detail" id={details}>
          <td colSpan={phone ? 4 : 7}>
            <PersonDetails person={person} provider={provider} />
          </td>
        </tr>
      )}
    </tbody>
  );
}
