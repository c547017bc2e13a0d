import { assignContacts, refreshCampaigns } from '../../api/campaigns';
import { changeContacts, hideContacts, refreshContacts, unhideContacts } from '../../api/contacts';
import { asProblem } from '../../api/problem';
import type { Campaign, ContactFilterForm, ContactsChange, Member } from '../../api/schemas';
import { counted } from '../../ui/figures';
import { hideToast, toast } from '../../ui/toast';
import { undoMessage } from './undo-message';

/** Who is meant: those selected, or all that match; `n` as far as known, `name` of the only one. */
export type Many = { ids: string[]; filter?: ContactFilterForm; n: number; name?: string };

const ID = 'many';
const who = ({ ids, filter }: Many) => (filter ? { filter } : { contact_ids: ids });
const people = (n: number) => counted(n, 'contact', 'contacts');

async function attempt(work: () => Promise<void>, failed = 'Nothing was changed') {
  try {
    await work();
  } catch (error) {
    toast({ id: ID, tone: 'bad', title: failed, message: asProblem(error).message });
  }
  await refreshContacts();
}

const undo = (back: ContactsChange[]) =>
  undoMessage(() => {
    hideToast(ID);
    void attempt(async () => {
      for (const change of back) await changeContacts(change);
    }, 'This could not be undone');
  });

export const giveMany = (many: Many, member: Member | null) =>
  attempt(async () => {
    const done = await changeContacts({ ...who(many), owner_member_id: member?.id ?? null });
    const back = done.owners_before.map((o) => ({ ...o, owner_member_id: o.owner_member_id ?? null }));
    toast({
      id: ID,
      long: true,
      title: member
        ? `${people(done.changed)} went over to ${member.name}`
        : `${people(done.changed)} left without an owner`,
      message: done.changed > 0 && undo(back),
    });
  });

export const tagMany = (many: Many, tag: string, add: boolean) =>
  attempt(async () => {
    const done = await changeContacts({ ...who(many), ...(add ? { add_tag: tag } : { remove_tag: tag }) });
    const contact_ids = done.changed_ids;
    toast({
      id: ID,
      long: true,
      title: `${tag} was ${add ? 'added to' : 'removed from'} ${people(done.changed)}`,
      message: done.changed > 0 && undo([{ contact_ids, ...(add ? { remove_tag: tag } : { add_tag: tag }) }]),
    });
  });

export const assignMany = (many: Many, campaign: Pick<Campaign, 'id' | 'name'>) =>
  attempt(async () => {
    const done = await assignContacts(campaign.id, who(many));
    toast({
      id: ID,
      title: `${people(done.added)} came into ${campaign.name}`,
      message: done.already_there > 0 && `${people(done.already_there)} were there already.`,
    });
    await refreshCampaigns();
  }, 'Nobody was assigned');

// Deleting cannot be undone on the server, so it leaves only when Undo is no longer offered.
const UNDO_MS = 8_000;
// What a browser takes along when a page closes.
const KEEPALIVE_IDS = 1_200;
const waiting = new Set<() => void>();

if (typeof window !== 'undefined')
  window.addEventListener('pagehide', () => {
    for (const go of waiting) go();
  });

export function deleteMany(many: Many) {
  hideContacts(many.ids);
  const go = () => {
    clearTimeout(timer);
    if (!waiting.delete(go)) return;
    hideToast(ID);
    void attempt(async () => {
      try {
        const change = { ...who(many), delete: true };
        const done = await changeContacts(change, many.ids.length <= KEEPALIVE_IDS);
        if (!many.name)
          toast({ id: ID, title: `${people(done.changed)} ${done.changed === 1 ? 'was' : 'were'} deleted` });
      } finally {
        unhideContacts(many.ids);
      }
    }, 'Nobody was deleted');
  };
  const timer = setTimeout(go, UNDO_MS);
  waiting.add(go);
  toast({
    id: ID,
    long: true,
    title: many.name ? `${many.name} was deleted` : `Deleting ${people(many.n)}`,
    message: undoMessage(() => {
      clearTimeout(timer);
      waiting.delete(go);
      hideToast(ID);
      unhideContacts(many.ids);
      void refreshContacts();
    }),
  });
}
