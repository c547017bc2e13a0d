import { ActionIcon, NativeSelect, TextInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { ActivityKind, Campaign, CampaignContact } from '../../api/schemas';
import { count } from '../../ui/figures';
import { Moment } from '../../ui/moment';
import { usePhone } from '../../ui/use-phone';
import { Warmness } from '../../ui/warmness';
import { place, takeOut } from './place';
import { PlacedMenu } from './placed-menu';
import { OUTREACH } from './words';

type Props = { campaign: Campaign; contacts: CampaignContact[]; manages: boolean };

const wordOf = (kind: ActivityKind | null | undefined) => OUTREACH.find((o) => o.value === kind)?.label;

/** Whom the campaign reaches out to, by what, and what came of it. */
export function PlacedTable(props: Props) {
  return usePhone() ? <Cards {...props} /> : <Wide {...props} />;
}

const Cards = ({ campaign, contacts, manages }: Props) => (
  <ul className="cards campaign-cards">
    {contacts.map((c) => (
      <li key={c.contact_id} data-acts={manages || undefined}>
        <Link to="/contacts/person/$id" params={{ id: c.contact_id }} className="row">
          <span style={{ minWidth: 0 }}>
            <b>{c.full_name}</b>
            <span className="l2">
              {[c.organization_name, wordOf(c.outreach), c.note].filter(Boolean).join(', ') ||
                'No way to reach them chosen'}
            </span>
          </span>
          <span className="end">
            <Warmness value={c.warmness} name={c.full_name} />
            <Moment at={c.contacted_at} none="Not contacted" />
          </span>
        </Link>
        {manages && <PlacedMenu campaign={campaign} contact={c} />}
      </li>
    ))}
  </ul>
);

function Wide({ campaign, contacts, manages }: Props) {
  return (
    <table className="grid placed">
      <thead>
        <tr>
          <th scope="col" style={{ width: '26%' }}>
            Name
          </th>
          <th scope="col" style={{ width: 140 }}>
            Reach by
          </th>
          <th scope="col">Note</th>
          <th scope="col" style={{ width: 120 }}>
            Contacted
          </th>
          <th scope="col" style={{ width: 128 }}>
            Meetings
          </th>
          {manages && (
            <th scope="col" style={{ width: 56 }} className="r">
              <span className="gone">Remove</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {contacts.map((c) => (
          <tr key={c.contact_id}>
            <td>
              <div className="who">
                <div>
                  <Link to="/contacts/person/$id" params={{ id: c.contact_id }} className="primary">
                    {c.full_name}
                  </Link>
                  <small>{c.organization_name ?? 'No organization'}</small>
                </div>
              </div>
            </td>
            <td>
              {manages ? (
                <NativeSelect
                  size="xs"
                  aria-label={`Reach ${c.full_name} by`}
                  value={c.outreach ?? ''}
                  data={[{ value: '', label: 'Not decided' }, ...OUTREACH]}
                  onChange={(e) => {
                    const value = e.currentTarget.value;
                    void place(campaign, c, { outreach: (value || null) as ActivityKind | null });
                  }}
                />
              ) : (
                (wordOf(c.outreach) ?? <span className="dim">Not decided</span>)
              )}
            </td>
            <td>{manages ? <Note campaign={campaign} contact={c} /> : c.note}</td>
            <td>
              <Moment at={c.contacted_at} none="Not yet" />
            </td>
            <td className="num">
              {c.meetings_requested === 0 ? (
                <span className="dim">None</span>
              ) : (
                `${count(c.meetings_booked)} of ${count(c.meetings_requested)} booked`
              )}
            </td>
            {manages && (
              <td className="r act">
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={28}
                  aria-label={`Remove ${c.full_name}`}
                  onClick={() => void takeOut(campaign, c)}
                >
                  <IconX size={15} aria-hidden />
                </ActionIcon>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Note({ campaign, contact }: { campaign: Campaign; contact: CampaignContact }) {
  const [text, type] = useState(contact.note);
  useEffect(() => type(contact.note), [contact.note]);
  return (
    <TextInput
      size="xs"
      aria-label={`Note on ${contact.full_name}`}
      placeholder="Add a note"
      maxLength={5000}
      autoComplete="off"
      value={text}
      onChange={(e) => type(e.currentTarget.value)}
      onBlur={() => text.trim() !== contact.note && void place(campaign, contact, { note: text.trim() })}
      onKeyDown={(e) => e.key === 'Enter' && e.currentTarget.blur()}
    />
  );
}
