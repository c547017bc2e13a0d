import { Button } from '@mantine/core';
import { useState } from 'react';
import { deleteCampaign, refreshCampaigns } from '../../api/campaigns';
import type { Campaign } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';
import { toast } from '../../ui/toast';

/** Says first what goes and what stays; it cannot be undone. */
export function DeleteCampaign({ campaign, onDeleted }: { campaign: Campaign; onDeleted: () => void }) {
  const [asked, ask] = useState(false);
  const { busy, problem, submit } = useSubmit();
  const remove = () =>
    submit(async () => {
      await deleteCampaign(campaign.id);
      onDeleted();
      toast({ title: `${campaign.name} was deleted` });
      await refreshCampaigns();
    });
  return (
    <section className="stackv" aria-label="Delete">
      {problem && <FormProblem key={problem.message} title={problem.message} />}
      {asked && (
        <p className="hint">
          This cannot be undone. Its contacts and their activities stay; how they were to be reached goes.
        </p>
      )}
      <div className="row-acts">
        {asked ? (
          <>
            <Button color="ember" loading={busy} onClick={() => void remove()}>
              Delete {campaign.name}
            </Button>
            <Button variant="default" onClick={() => ask(false)}>
              Keep
            </Button>
          </>
        ) : (
          <Button variant="default" onClick={() => ask(true)}>
            Delete this campaign
          </Button>
        )}
      </div>
    </section>
  );
}
