import { Button } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { CampaignAssigned } from '../../api/schemas';
import { counted } from '../../ui/figures';
import { ScrollRegion } from '../../ui/scroll-region';
import { assignedWords } from './words';

type Props = { told: CampaignAssigned; campaign: string; onAgain: () => void; onClose: () => void };

/** Who came in, who was there, and for which addresses there is nobody. */
export function AssignedResult({ told, campaign, onAgain, onClose }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className="stackv assigned">
      <h3 ref={heading} tabIndex={-1}>
        {assignedWords(told, campaign)}
      </h3>
      {told.already_there > 0 && told.added > 0 && (
        <p>{counted(told.already_there, 'was', 'were')} there already and stayed as they are.</p>
      )}
      <Lost
        title={counted(told.not_found.length, 'address of no contact', 'addresses of no contact')}
        pieces={told.not_found}
      />
      <Lost
        title={counted(told.unreadable.length, 'piece without an address', 'pieces without an address')}
        pieces={told.unreadable}
      />
      <div className="row-acts">
        <Button onClick={onClose}>Done</Button>
        <Button variant="default" onClick={onAgain}>
          Paste more
        </Button>
      </div>
    </div>
  );
}

function Lost({ title, pieces }: { title: string; pieces: string[] }) {
  if (pieces.length === 0) return null;
  const shown = pieces.slice(0, 200);
  return (
    <div>
      <div className="label">{title}</div>
      <ScrollRegion label={title} className="lost">
        <ul>
          {shown.map((piece, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same piece may come twice, and none moves
            <li key={i}>{piece}</li>
          ))}
        </ul>
      </ScrollRegion>
      {shown.length < pieces.length && <p className="hint">The first 200 are shown.</p>}
    </div>
  );
}
