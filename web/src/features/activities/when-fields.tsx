import { NativeSelect, TextInput } from '@mantine/core';
import { ChoiceChips } from '../../ui/choice-chips';
import { fieldTime } from '../../ui/days';
import { type Draft, isAhead, tomorrowAtTen } from './draft';

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const MINUTES = [0, 15, 30, 45, 60, 90, 120];

type Props = { draft: Draft; error: string | undefined; onChange: (part: Partial<Draft>) => void };

/** Now, or a moment: one that is ahead books or plans instead of logging. */
export function WhenFields({ draft, error, onChange }: Props) {
  const meeting = draft.kind === 'MEETING';
  const lengths = MINUTES.includes(draft.minutes)
    ? MINUTES
    : [...MINUTES, draft.minutes].sort((a, b) => a - b);
  return (
    <div className="when">
      <ChoiceChips
        label="When"
        name="when"
        value={draft.at === '' ? 'now' : 'at'}
        onChange={(when) =>
          onChange({ at: when === 'now' ? '' : meeting ? tomorrowAtTen() : fieldTime(new Date()) })
        }
        options={[
          { value: 'now', label: meeting ? 'It just took place' : 'Just now' },
          { value: 'at', label: meeting ? 'Book it, or another time' : 'Another time' },
        ]}
      />
      {draft.at !== '' && (
        <div className="moment">
          <TextInput
            label="Date and time"
            type="datetime-local"
            required
            withAsterisk={false}
            max="9999-12-31T23:59"
            value={draft.at}
            error={error}
            onChange={(e) => onChange({ at: e.currentTarget.value || draft.at })}
          />
          <NativeSelect
            label="Takes"
            value={draft.minutes}
            onChange={(e) => onChange({ minutes: Number(e.currentTarget.value) })}
            data={lengths.map((m) => ({ value: String(m), label: m === 0 ? 'Not said' : `${m} min` }))}
          />
          <p className="hint">
            Your time, {ZONE.replaceAll('_', ' ')}.{' '}
            {isAhead(draft)
              ? 'It is ahead, so it is written down as still to do.'
              : 'It is past, so it is written down as done.'}
          </p>
        </div>
      )}
    </div>
  );
}
