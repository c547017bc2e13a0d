import { deleteCampaign, refreshCampaigns } from '../../api/campaigns';
import type { Campaign } from '../../api/schemas';
import { DeleteAsked } from '../../ui/delete-asked';
import { toast } from '../../ui/toast';

export function DeleteCampaign({ campaign, onDeleted }: { campaign: Campaign; onDeleted: () => void }) {
  const remove = async () => {
    await deleteCampaign(campaign.id);
    onDeleted();
    toast({ title: `${campaign.name} was deleted` });
    await refreshCampaigns();
  };
  return (
    <DeleteAsked name={campaign.name} what="campaign" onDelete={remove}>
      Its contacts and their activities stay; how they were to be reached goes.
    </DeleteAsked>
  );
}
