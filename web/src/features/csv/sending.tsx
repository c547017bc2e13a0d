import { Button, Progress } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { Sent } from '../../api/upload';
import { duration } from '../../ui/figures';
import { size, timeLeft } from './words';

type Props = { name: string; sent: Sent; since: number; onCancel: () => void };

/** A file on its way: the bytes that have left, and then the server that reads them. */
export function Sending({ name, sent, since, onCancel }: Props) {
  const { bytes, of } = sent;
  const cancel = useRef<HTMLButtonElement>(null);
  // The button that was pressed is gone; the one that stops it is the next step.
  useEffect(() => cancel.current?.focus(), []);
  const there = bytes >= of;
  const percent = of === 0 ? 100 : Math.floor((bytes / of) * 100);
  const left = there ? null : timeLeft(bytes, of, Date.now() - since);
  return (
    <div className="csv-sending">
      <div className="progress-words">
        <span role="status">{there ? `Reading ${name}` : `Sending ${name}`}</span>
        <span className="num">{percent} %</span>
      </div>
      <Progress value={percent} animated={there} size="sm" aria-label="Upload progress" />
      <p className="hint num">
        {size(bytes)} of {size(of)}
        {left !== null && <>, about {duration(left)} left</>}. Keep this page open until it is there.
      </p>
      <div className="row-acts">
        <Button ref={cancel} variant="default" onClick={onCancel}>
          Cancel upload
        </Button>
      </div>
    </div>
  );
}
