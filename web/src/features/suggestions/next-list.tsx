import { ActionIcon, Button } from '@mantine/core';
import { IconMail, IconPencil, IconPhone } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { asProblem } from '../../api/problem';
import type { Suggestion } from '../../api/schemas';
import { type SuggestionFilter, suggestedQuery } from '../../api/suggestions';
import { Avatar } from '../../ui/avatar';
import { EmptyState } from '../../ui/empty-state';
import { SkeletonRows } from '../../ui/skeleton-rows';
import { Snooze } from './snooze';

type Props = {
  filter?: SuggestionFilter;
  most?: number;
  onLog: (contact: Suggestion['contact']) => void;
  empty: ReactNode;
  narrow?: boolean;
};

/** Whom to contact next, the most urgent first, each with its reason and what can be done at once. */
export function NextList({ filter = {}, most, onLog, empty, narrow }: Props) {
  const query = useQuery(suggestedQuery(filter, most));
  const items = query.data?.items ?? [];
  if (query.isPending) return <SkeletonRows rows={narrow ? 5 : 10} height={72} />;
  if (query.error && items.length === 0)
    return (
      <EmptyState
        kind="failed"
        title="The suggestions could not be loaded"
        action={<Button onClick={() => void query.refetch()}>Try again</Button>}
      >
        {asProblem(query.error).message}
      </EmptyState>
    );
  if (items.length === 0) return empty;
  return (
    <ol className="next" data-narrow={narrow || undefined}>
      {items.map((one) => (
        <Item key={one.contact.id} suggestion={one} onLog={onLog} narrow={narrow} />
      ))}
    </ol>
  );
}

type ItemProps = { suggestion: Suggestion } & Pick<Props, 'onLog' | 'narrow'>;

function Item({ suggestion: { contact, reason }, onLog, narrow }: ItemProps) {
  const phone = contact.phones.find((p) => p.primary) ?? contact.phones[0];
  const email = contact.emails.find((e) => e.primary) ?? contact.emails[0];
  const size = narrow ? 32 : 40;
  return (
    <li>
      <Avatar name={contact.full_name} />
      <div className="whom">
        <Link to="/contacts/person/$id" params={{ id: contact.id }} className="primary">
          {contact.full_name}
        </Link>
        {contact.organization && !narrow && <span className="org">{contact.organization.name}</span>}
        <p className="why">{reason}</p>
      </div>
      <div className="acts">
        {phone && !narrow && (
          <ActionIcon
            component="a"
            href={`tel:${phone.e164 ?? phone.value}`}
            variant="default"
            size={size}
            aria-label={`Call ${contact.full_name}`}
            onClick={() => onLog(contact)}
          >
            <IconPhone size={17} stroke={1.7} aria-hidden />
          </ActionIcon>
        )}
        {email && !narrow && (
          <ActionIcon
            component="a"
            href={`mailto:${email.value}`}
            variant="default"
            size={size}
            aria-label={`Write to ${contact.full_name}`}
          >
            <IconMail size={17} stroke={1.7} aria-hidden />
          </ActionIcon>
        )}
        <ActionIcon
          variant="default"
          size={size}
          aria-label={`Log an activity with ${contact.full_name}`}
          onClick={() => onLog(contact)}
        >
          <IconPencil size={17} stroke={1.7} aria-hidden />
        </ActionIcon>
        <Snooze contact={contact} size={size} />
      </div>
    </li>
  );
}
