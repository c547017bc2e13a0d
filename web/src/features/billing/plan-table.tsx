import type { ReactNode } from 'react';
import type { Billing, Plan } from '../../api/schemas';
import { ScrollRegion } from '../../ui/scroll-region';
import { usePhone } from '../../ui/use-phone';
import { planRows } from './plan-rows';

type Props = { billing: Billing; asked: string | undefined; action: (plan: Plan) => ReactNode };

export function PlanTable(props: Props) {
  return usePhone() ? <PlanList {...props} /> : <Wide {...props} />;
}

const mark = (billing: Billing, asked: string | undefined, id: string) => ({
  'data-current': billing.plan === id || undefined,
  'data-asked': (asked === id && billing.plan !== id) || undefined,
});

const value = (text: string) => (text === 'No' ? <span className="dim">No</span> : text);

function Wide({ billing, asked, action }: Props) {
  const { plans } = billing;
  return (
    <ScrollRegion label="Plans" style={{ flex: 'none', overflowY: 'hidden' }}>
      <table className="plans">
        <thead>
          <tr>
            <th scope="col">
              <span className="dim">Plan</span>
            </th>
            {plans.map((p) => (
              <th key={p.id} scope="col" {...mark(billing, asked, p.id)}>
                {p.name}
                <small>{p.price_words}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {planRows(plans).map((row) => (
            <tr key={row.id}>
              <th scope="row">{row.words}</th>
              {plans.map((p, i) => (
                <td key={p.id} className="num" {...mark(billing, asked, p.id)}>
                  {value(row.values[i] ?? 'No')}
                </td>
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">
              <span className="dim">Choose</span>
            </th>
            {plans.map((p) => (
              <td key={p.id} {...mark(billing, asked, p.id)}>
                {billing.plan === p.id ? 'Your plan' : action(p)}
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function PlanList({ billing, asked, action }: Props) {
  const rows = planRows(billing.plans);
  return (
    <div className="plan-list">
      {billing.plans.map((p, i) => (
        <section key={p.id} aria-label={p.name} {...mark(billing, asked, p.id)}>
          <h2>
            {p.name} <span className="dim">{p.price_words}</span>
          </h2>
          <dl className="kv">
            {rows.map((row) => (
              <div key={row.id} style={{ display: 'contents' }}>
                <dt>{row.words}</dt>
                <dd>{value(row.values[i] ?? 'No')}</dd>
              </div>
            ))}
          </dl>
          {billing.plan === p.id ? <span className="dim">Your plan</span> : action(p)}
        </section>
      ))}
    </div>
  );
}
