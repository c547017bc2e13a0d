import { Checkbox, NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { companyQuery, updateCompany } from '../../api/company';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';
import { toast } from '../../ui/toast';
import { COLDEST, HOTTEST, heatWord } from '../../ui/warmth';

const LEVELS = Array.from({ length: HOTTEST - COLDEST + 1 }, (_, i) => ({
  value: String(i + COLDEST),
  label: `${i + COLDEST}, ${heatWord(i + COLDEST).toLowerCase()}`,
}));

type Props = {
  /** Offers what a change leaves to be sent, for each CRM. */
  offers: ReactNode;
};

/** From when a contact goes to the CRM, and what it brings along. */
export function LeadSettings({ offers }: Props) {
  const { data: company } = useQuery(companyQuery);
  const { busy, problem, submit } = useSubmit();
  if (!company) return null;
  const { can_change, warm_threshold, push_earlier } = company;
  const change = (patch: Parameters<typeof updateCompany>[0], title: string) =>
    void submit(async () => {
      await updateCompany(patch);
      toast({ id: 'company', title });
    });
  return (
    <section className="section" aria-label="Warm leads">
      <h2>Warm leads</h2>
      {problem && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      <NativeSelect
        label="A contact is warm from"
        description="From this warmness on it goes to every connected CRM by itself, with the label Warm Lead. Lowering it sends nothing by itself."
        data={LEVELS}
        value={String(warm_threshold)}
        disabled={!can_change || busy}
        onChange={(e) => {
          const level = Number(e.currentTarget.value);
          change({ warm_threshold: level }, `Contacts are warm from ${level} now`);
        }}
      />
      <Checkbox
        label="Bring earlier activities along"
        description="When a contact comes to a CRM, what was logged on it before goes there as well."
        checked={push_earlier}
        disabled={!can_change || busy}
        onChange={(e) => {
          const on = e.currentTarget.checked;
          change(
            { push_earlier: on },
            on ? 'Earlier activities go along from now on' : 'Earlier activities stay here from now on',
          );
        }}
      />
      {!can_change && <p className="hint">Only an owner or admin of your company can change this.</p>}
      <div className="row-acts">{offers}</div>
    </section>
  );
}
