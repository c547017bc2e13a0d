import {
  assignContacts,
  placeContact,
  refreshCampaigns,
  removeContact,
  showPlaced,
} from '../../api/campaigns';
import { asProblem } from '../../api/problem';
import type { Campaign, CampaignContact, CampaignContactPatch } from '../../api/schemas';
import { hideToast, toast } from '../../ui/toast';

const undoLink = (undo: () => void) => (
  <button type="button" className="link" onClick={undo}>
    Undo
  </button>
);

async function attempt(id: string, failed: string, work: () => Promise<unknown>, rollBack?: () => void) {
  try {
    await work();
    return true;
  } catch (error) {
    rollBack?.();
    toast({ id, tone: 'bad', title: failed, message: asProblem(error).message });
    return false;
  } finally {
    await refreshCampaigns();
  }
}

/** Shows at once how somebody is to be reached, and writes it; Undo sets it back. */
export async function place(campaign: Campaign, before: CampaignContact, patch: CampaignContactPatch) {
  const id = `place-${before.contact_id}`;
  const set = (to: CampaignContactPatch) => placeContact(campaign.id, before.contact_id, to);
  const rollBack = showPlaced(campaign.id, before.contact_id, patch);
  if (!(await attempt(id, `${before.full_name} was not changed`, () => set(patch), rollBack))) return;
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
  const rollBack = showPlaced(campaign.id, placed.contact_id, null);
  const remove = () => removeContact(campaign.id, placed.contact_id);
  if (!(await attempt(id, `${name} was not removed`, remove, rollBack))) return;
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
