import type { Campaign } from '../../api/schemas';
import { localDay } from '../../ui/days';
import { StatusWord } from '../../ui/status-word';
import { daysOf, STATE_TONES, STATE_WORDS, stateOf } from './words';

/** What the campaign is, in a column. */
export function CampaignFacts({ campaign: c }: { campaign: Campaign }) {
  const state = stateOf(c, localDay(new Date()));
  return (
    <>
      <dl className="facts">
        <dt>State</dt>
        <dd>
          <StatusWord tone={STATE_TONES[state]}>{STATE_WORDS[state]}</StatusWord>
        </dd>
        <dt>Days</dt>
        <dd>{daysOf(c) ?? 'Open'}</dd>
        {c.sector && (
          <>
            <dt>Sector</dt>
            <dd>{c.sector}</dd>
          </>
        )}
        {c.theme && (
          <>
            <dt>Theme</dt>
            <dd>{c.theme}</dd>
          </>
        )}
        <dt>People</dt>
        <dd>{c.people.map((p) => p.name).join(', ') || 'Nobody yet'}</dd>
      </dl>
      {c.description && <p className="description">{c.description}</p>}
    </>
  );
}
