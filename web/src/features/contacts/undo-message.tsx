export const undoMessage = (undo: () => void) => (
  <button type="button" className="link" onClick={undo}>
    Undo
  </button>
);
