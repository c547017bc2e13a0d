import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { campaignsReport, csvHref, type ReportFilter } from '../../api/reports';
import type { CampaignsReport } from '../../api/schemas';
import { count } from '../../ui/figures';
import { Chart } from './chart';
import { campaignsWords, share } from './words';

type Item = CampaignsReport['items'][number];

const STEPS = [
  { key: 'contacts', word: 'Contacts' },
  { key: 'contacted', word: 'Contacted' },
  { key: 'requested', word: 'Meetings requested' },
  { key: 'booked', word: 'Meetings booked' },
] as const;

/** How far each campaign came; the bars of one are measured by its own widest. */
export function CampaignsChart({ filter }: { filter: ReportFilter }) {
  const query = useQuery(campaignsReport(filter));
  const items = query.data?.items ?? [];
  return (
    <Chart
      wide
      title="Funnel by campaign"
      takeaway={query.data && campaignsWords(query.data)}
      query={query}
      csv={csvHref('campaigns', filter)}
      numbers={
        query.data && {
          head: ['Campaign', ...STEPS.map((s) => s.word), 'Contacted of contacts'],
          rows: items.map((i) => [
            i.campaign.name,
            ...STEPS.map(({ key }) => count(i[key])),
            share(i.contacted, i.contacts),
          ]),
        }
      }
      note={`Each campaign as a whole, as on its page: days, member and method above are not applied here.${query.data?.more ? ' The 50 newest are shown.' : ''}`}
    >
      {items.length > 0 && (
        <ul className="funnels">
          {items.map((item) => (
            <Funnel key={item.campaign.id} item={item} />
          ))}
        </ul>
      )}
    </Chart>
  );
}

function Funnel({ item }: { item: Item }) {
  const most = Math.max(1, ...STEPS.map(({ key }) => item[key]));
  return (
    <li>
      <Link to="/campaigns/$id" params={{ id: item.campaign.id }} className="primary">
        {item.campaign.name}
      </Link>
      <dl>
        {STEPS.map(({ key, word }) => (
          <div key={key} data-step={key}>
            <dt>{word}</dt>
            <dd>
              <span className="num">{count(item[key])}</span>
              <i aria-hidden>
                <b style={{ width: `${(item[key] / most) * 100}%` }} />
              </i>
            </dd>
          </div>
        ))}
      </dl>
    </li>
  );
}
