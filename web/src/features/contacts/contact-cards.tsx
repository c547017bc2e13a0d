import { Avatar } from '../../ui/avatar';
import { Warmness } from '../../ui/warmness';
import type { ListProps } from './contact-table';
import { Links } from './links';

/** The list on a phone: 72 px a person, one tap opens them. */
export function ContactCards({ contacts, items, top, bottom, providers, onOpen }: ListProps) {
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
        return (
          <li key={item.key}>
            <button type="button" className="row" onClick={() => onOpen(contact.id)}>
              <Avatar name={contact.full_name} />
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
