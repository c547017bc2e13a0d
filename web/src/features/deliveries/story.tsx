import '../../styles/story.css';
import type { Delivery } from '../../api/schemas';
import { exact } from '../../ui/figures';
import { StatusWord } from '../../ui/status-word';
import { STATE, story } from './words';

type Props = { delivery: Delivery };

/** Dot, word and the sentence; the exact time is in the title. */
export function Story({ delivery }: Props) {
  const { word, tone } = STATE[delivery.state];
  return (
    <span className="story">
      <StatusWord tone={tone}>{word}</StatusWord>
      <Told delivery={delivery} />
    </span>
  );
}

export const Told = ({ delivery }: Props) => (
  <span className="told" title={exact(delivery.delivered_at ?? delivery.next_at ?? delivery.updated_at)}>
    {story(delivery)}
    {delivery.remarks.length > 0 && ` ${delivery.remarks.map((r) => r.words).join(' ')}`}
  </span>
);
