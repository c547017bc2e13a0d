export const Pending = () => (
  <div className="boot">
    <b>Tandem</b>
    <i role="status">Loading your workspace</i>
  </div>
);
