import { Link } from '@tanstack/react-router';
import { Door } from '../ui/door';

export const NotFound = () => (
  <Door title="There is no such page" lead="The address may be mistyped, or what it showed was removed.">
    <Link to="/contacts">Go to your contacts</Link>
  </Door>
);
