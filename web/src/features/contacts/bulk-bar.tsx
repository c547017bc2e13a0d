import { Button, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { campaignNames } from '../../api/campaigns';
import { membersQuery } from '../../api/contacts';
import type { ContactFilterForm } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { count } from '../../ui/figures';
import type { Selection } from '../../ui/selection';
import { useFocusBack } from '../../ui/use-focus-back';
import { exportMany } from './export';
import { assignMany, deleteMany, giveMany, type Many, tagMany } from './many';
import { TagMenu } from './tag-menu';

/** The server changes at most so many at once. */
const MOST = 10_000;

type Props = {
  selection: Selection;
  /** How many are on screen so far, and how many match; `null` when nobody counted. */
  loaded: number;
  total: number | null;
  filter: ContactFilterForm;
  onClear: () => void;
};

/** What can be done to those selected. It floats over the end of the list, which does not move. */
export function BulkBar({ selection, loaded, total, filter, onClear }: Props) {
  const session = useSession();
  useFocusBack();
  const [everyone, takeEveryone] = useState(false);
  const { data: members } = useQuery(membersQuery);
  const { data: campaigns } = useQuery(campaignNames);
  const whole = selection.size >= loaded && total !== null && total > selection.size;
  const all = everyone && whole;
  const n = all ? total : selection.size;
  const many: Many = { ids: [...selection], filter: all ? filter : undefined, n };
  const then = (work: Promise<void> | void) => {
    onClear();
    void work;
  };
  return (
    <section className="bulk" aria-label="Selected contacts">
      <span className="num" aria-live="polite">
        {count(n)} selected
      </span>
      {whole && total <= MOST && (
        <button type="button" className="link" onClick={() => takeEveryone(!everyone)}>
          {all ? `Only the ${count(selection.size)} on this list` : `Select all ${count(total)} that match`}
        </button>
      )}
      {whole && total > MOST && (
        <span className="dim">At most {count(MOST)} at once: narrow the list to take all.</span>
      )}
      <span className="sp" />
      {may(session, 'see_all_contacts') && (
        <Menu position="top" shadow="md" width={220}>
          <Menu.Target>
            <Button variant="default" size="xs">
              Owner
            </Button>
          </Menu.Target>
          <Menu.Dropdown mah={320} style={{ overflow: 'auto' }}>
            {(members?.items ?? []).map((m) => (
              <Menu.Item key={m.id} onClick={() => then(giveMany(many, m))}>
                {m.name}
              </Menu.Item>
            ))}
            <Menu.Item onClick={() => then(giveMany(many, null))}>Nobody</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {may(session, 'manage_campaigns') && (
        <Menu position="top" shadow="md" width={240}>
          <Menu.Target>
            <Button variant="default" size="xs">
              Campaign
            </Button>
          </Menu.Target>
          <Menu.Dropdown mah={320} style={{ overflow: 'auto' }}>
            {(campaigns?.items ?? []).length === 0 && <Menu.Label>There is no campaign yet</Menu.Label>}
            {(campaigns?.items ?? []).map((c) => (
              <Menu.Item key={c.id} onClick={() => then(assignMany(many, c))}>
                {c.name}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <TagMenu onTag={(tag, add) => then(tagMany(many, tag, add))} />
      <Button
        variant="default"
        size="xs"
        onClick={() => void exportMany(all ? { filter } : { contact_ids: many.ids })}
      >
        Export
      </Button>
      <Button color="ember" variant="light" size="xs" onClick={() => then(deleteMany(many))}>
        Delete {count(n)}
      </Button>
      <button type="button" className="link" onClick={onClear}>
        Clear
      </button>
    </section>
  );
}
