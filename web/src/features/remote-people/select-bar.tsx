import { count, counted } from '../../ui/figures';
import { listState, type Selection } from '../../ui/selection';
import { MOST } from './most';

type Props = {
  selection: Selection;
  list: string[];
  more: boolean;
  searching: boolean;
  estimate: number | null;
  provider: string;
  busy: boolean;
  onAllMatching: () => void;
  onEveryone: () => void;
  onClear: () => void;
};

/** First the list on screen, then, said apart, everybody that matches. */
export function SelectBar(props: Props) {
  const { selection, list, more, searching, estimate, provider, busy } = props;
  const whole = listState(selection, list) === 'all' && more;
  return (
    <span className="row-acts note num">
      <span aria-live="polite">
        {selection.size > 0 ? `${count(selection.size)} selected` : 'Nobody selected'}
        {selection.size > MOST && `, at most ${MOST} at once`}
      </span>
      {whole && !searching && (
        <button type="button" className="link" onClick={props.onEveryone}>
          Take everyone in {provider}
          {estimate !== null && `, about ${count(estimate)}`}
        </button>
      )}
      {whole && searching && (
        <button type="button" className="link" disabled={busy} onClick={props.onAllMatching}>
          {busy ? 'Selecting' : 'Select all that match'}
        </button>
      )}
      {whole === false && searching && !more && list.length > 0 && selection.size === 0 && (
        <span>{counted(list.length, 'person matches', 'people match')}</span>
      )}
      {selection.size > 0 && (
        <button type="button" className="link" onClick={props.onClear}>
          Clear
        </button>
      )}
    </span>
  );
}
