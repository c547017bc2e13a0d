import { ActionIcon, Button, Menu, Modal, Textarea } from '@mantine/core';
import { IconCheck, IconDots } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import type { Campaign, CampaignContact } from '../../api/schemas';
import { place, takeOut } from './place';
import { OUTREACH } from './words';

type Props = { campaign: Campaign; contact: CampaignContact };

/** On a phone, what a wide table has fields for. */
export function PlacedMenu({ campaign, contact: c }: Props) {
  const [noting, note] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  return (
    <>
      <Menu position="bottom-end" width={220} shadow="md">
        <Menu.Target>
          <ActionIcon
            ref={opener}
            variant="subtle"
            color="gray"
            size={44}
            aria-label={`Actions for ${c.full_name}`}
          >
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Reach by</Menu.Label>
          {OUTREACH.map((o) => (
            <Menu.Item
              key={o.value}
              rightSection={c.outreach === o.value ? <IconCheck size={14} aria-label="chosen" /> : undefined}
              onClick={() => void place(campaign, c, { outreach: c.outreach === o.value ? null : o.value })}
            >
              {o.label}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item
            onClick={() => {
              opener.current?.focus(); // the item is gone when the dialog gives the focus back
              note(true);
            }}
          >
            {c.note ? 'Edit the note' : 'Add a note'}
          </Menu.Item>
          <Menu.Item onClick={() => void takeOut(campaign, c)}>Remove from the campaign</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {noting && <NoteDialog campaign={campaign} contact={c} onClose={() => note(false)} />}
    </>
  );
}

function NoteDialog({ campaign, contact, onClose }: Props & { onClose: () => void }) {
  const [text, type] = useState(contact.note);
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Note on ${contact.full_name}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== contact.note) void place(campaign, contact, { note: text.trim() });
          onClose();
        }}
      >
        <Textarea
          label="Note"
          rows={4}
          maxLength={5000}
          data-autofocus
          value={text}
          onChange={(e) => type(e.currentTarget.value)}
        />
        <div className="row-acts">
          <Button type="submit">Save note</Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  );
}
