import { assignContacts, placeContact, refreshCampaigns, removeContact } from '../../api/campaigns';
import { asProblem } from '../../api/problem';
import type { Campaign, CampaignContact, CampaignContactPatch } from '../../api/schemas';
import { hideToast, toast } from '../../ui/toast';

const undoLink = (undo: () => void) => (
  <button type="button" className="link" onClick={undo}>
    Undo
  </button>
);

async function attempt(id: string, failed: string, work: () => Promise<unknown>) {
  try {
    await work();
    return true;
  } catch (error) {
    toast({ id, tone: 'bad', title: failed, message: asProblem(error).message });
    return false;
  } finally {
    await refreshCampaigns();
  }
}

/** Writes how somebody is to be reached; Undo sets it back. */
export async function place(campaign: Campaign, before: CampaignContact, patch: CampaignContactPatch) {
  const id = `place-${before.contact_id}`;
  const set = (to: CampaignContactPatch) => placeContact(campaign.id, before.contact_id, to);
  if (!(await attempt(id, `${before.full_name} was not changed`, () => set(patch)))) return;
  const was: CampaignContactPatch = {
    ...(patch.outreach !== undefined && { outreach: before.outreach ?? null }),
    ...(patch.note !== undefined && { note: before.note }),
  };
  const undo = () => {
    hideToast(id);
    void attempt(id, 'This could not be undone', () => set(was));
  };
  toast({ id, long: true, title: `${before.full_name} was changed`, message: undoLink(undo) });
}

/** Takes somebody out; Undo puts them back as they were. */
export async function takeOut(campaign: Campaign, placed: CampaignContact) {
  const id = `place-${placed.contact_id}`;
  const name = placed.full_name;
  if (!(await attempt(id, `${name} was not removed`, () => removeContact(campaign.id, placed.contact_id))))
    return;
  const undo = () => {
    hideToast(id);
    void attempt(id, 'This could not be undone', () =>
      assignContacts(campaign.id, {
        contact_ids: [placed.contact_id],
        outreach: placed.outreach ?? undefined,
        note: placed.note,
      }),
    );
  };
  toast({ id, long: true, title: `${name} was removed from ${campaign.name}`, message: undoLink(undo) });
}
