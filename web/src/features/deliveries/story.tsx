import '../../styles/story.css';
import type { Delivery } from '../../api/schemas';
import { exact } from '../../ui/figures';
import { StatusWord } from '../../ui/status-word';
import { STATE, story } from './words';

type Props = {
  delivery: Delivery;
  /** Whether its person was made by us, where that is known. */
  made?: boolean;
};

/** Dot, word and the sentence; the exact time is in the title. */
export function Story({ delivery, made }: Props) {
  const { word, tone } = STATE[delivery.state];
  return (
    <span className="story">
      <StatusWord tone={tone}>{word}</StatusWord>
      <Told delivery={delivery} made={made} />
    </span>
  );
}

export const Told = ({ delivery, made }: Props) => (
  <span className="told" title={exact(delivery.delivered_at ?? delivery.next_at ?? delivery.updated_at)}>
    {story(delivery, made)}
    {delivery.remarks.length > 0 && ` ${delivery.remarks.map((r) => r.words).join(' ')}`}
  </span>
);
