import { IconCircle, IconCircleCheckFilled } from '@tabler/icons-react';
import { Avatar } from '../../ui/avatar';
import { type Selection, toggle } from '../../ui/selection';
import { Warmness } from '../../ui/warmness';
import type { ListProps } from './contact-table';
import { Links } from './links';

type Props = ListProps & {
  /** A tap selects instead. */
  selecting: boolean;
  selection: Selection;
  onSelection: (next: Selection) => void;
};

/** The list on a phone: 72 px a person, one tap opens them. */
export function ContactCards({
  contacts,
  items,
  top,
  bottom,
  providers,
  onOpen,
  selecting,
  selection,
  onSelection,
}: Props) {
  return (
    <ul className="cards" style={{ paddingTop: top, paddingBottom: bottom }}>
      {items.map((item) => {
        const contact = contacts[item.index];
        if (!contact)
          return (
            <li key={item.key} className="more">
              Loading more
            </li>
          );
        const second = [contact.organization?.name, contact.emails[0]?.value].filter(Boolean).join(', ');
        const chosen = selection.has(contact.id);
        return (
          <li key={item.key}>
            <button
              type="button"
              className="row"
              aria-pressed={selecting ? chosen : undefined}
              data-sel={(selecting && chosen) || undefined}
              onClick={() => (selecting ? onSelection(toggle(selection, contact.id)) : onOpen(contact.id))}
            >
              {selecting ? <Mark chosen={chosen} /> : <Avatar name={contact.full_name} />}
              <span style={{ minWidth: 0 }}>
                <b>{contact.full_name}</b>
                <span className="l2">{second || 'No address yet'}</span>
              </span>
              <span className="end">
                <Warmness value={contact.warmness} name={contact.full_name} />
                <Links contact={contact} providers={providers} />
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

const Mark = ({ chosen }: { chosen: boolean }) =>
  chosen ? (
    <IconCircleCheckFilled size={26} aria-hidden />
  ) : (
    <IconCircle size={26} stroke={1.4} aria-hidden />
  );
