import { Link } from '@tanstack/react-router';
import type { Campaign } from '../../api/schemas';
import { localDay } from '../../ui/days';
import { count } from '../../ui/figures';
import { StatusWord } from '../../ui/status-word';
import { usePhone } from '../../ui/use-phone';
import { brief, daysOf, STATE_TONES, STATE_WORDS, stateOf } from './words';

const COLUMNS: [label: string, width: string | number | undefined, right?: boolean][] = [
  ['Campaign', undefined],
  ['State', 110],
  ['Days', 238],
  ['People', '18%'],
  ['Contacts', 90, true],
  ['Contacted', 96, true],
  ['Requested', 96, true],
  ['Booked', 90, true],
];

function State({ campaign }: { campaign: Campaign }) {
  const state = stateOf(campaign, localDay(new Date()));
  return <StatusWord tone={STATE_TONES[state]}>{STATE_WORDS[state]}</StatusWord>;
}

const second = (c: Campaign) => [c.sector, c.theme].filter(Boolean).join(', ');

export function CampaignList({ campaigns }: { campaigns: Campaign[] }) {
  return usePhone() ? <Cards campaigns={campaigns} /> : <Wide campaigns={campaigns} />;
}

const Cards = ({ campaigns }: { campaigns: Campaign[] }) => (
  <ul className="cards campaign-cards">
    {campaigns.map((c) => (
      <li key={c.id}>
        <Link to="/campaigns/$id" params={{ id: c.id }} className="row">
          <span style={{ minWidth: 0 }}>
            <b>{c.name}</b>
            <span className="l2 num">{brief(c.performance)}</span>
          </span>
          <span className="end">
            <State campaign={c} />
          </span>
        </Link>
      </li>
    ))}
  </ul>
);

const Wide = ({ campaigns }: { campaigns: Campaign[] }) => (
  <table className="grid">
    <thead>
      <tr>
        {COLUMNS.map(([label, width, right]) => (
          <th key={label} scope="col" style={{ width }} className={right ? 'r' : undefined}>
            {label}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {campaigns.map((c) => {
        const p = c.performance;
        return (
          <tr key={c.id}>
            <td>
              <div className="who">
                <div>
                  <Link to="/campaigns/$id" params={{ id: c.id }} className="primary">
                    {c.name}
                  </Link>
                  {second(c) && <small>{second(c)}</small>}
                </div>
              </div>
            </td>
            <td>
              <State campaign={c} />
            </td>
            <td className="num">{daysOf(c) ?? <span className="dim">Open</span>}</td>
            <td>{c.people.map((m) => m.name).join(', ') || <span className="dim">Nobody yet</span>}</td>
            {[p.contacts, p.contacted, p.meetings_requested, p.meetings_booked].map((n, i) => (
              <td key={COLUMNS[i + 4]?.[0]} className="num r">
                {count(n)}
              </td>
            ))}
          </tr>
        );
      })}
    </tbody>
  </table>
);
