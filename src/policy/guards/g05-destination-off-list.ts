import { guard } from './guard.ts';

// A send that names no destination is not on any list.
export const destinationOffList = guard(
  'G5',
  'destination-off-list',
  { en: 'The destination is not on the list for this purpose.', zh: '目的地不在该用途的许可列表中。' },
  (f) => (f.host !== '' || f.effect === 'send') && !f.listed,
);
