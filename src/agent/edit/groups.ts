import { type Profile, profileOf } from './evidence.ts';
import type { Place } from './place.ts';

/** Neighbouring lines of one shape under one heading: a list, a table, the keys of a mapping. New lines join one. */
export interface Group {
  title: string;
  members: Place[];
  profile: Profile;
}

export function groupsOf(places: readonly Place[]): Group[] {
  const groups: Group[] = [];
  let shape = '';
  for (const place of places) {
    if (place.candidate.kind === 'heading') continue;
    const own = shapeOf(place);
    const last = groups.at(-1);
    const near = last && place.candidate.line - last.members.at(-1)!.candidate.line <= 2;
    if (last && own === shape && near && last.members[0]!.document === place.document) last.members.push(place);
    else groups.push({ title: '', members: [place], profile: place.profile });
    shape = own;
  }
  for (const group of groups) {
    const { candidate, document } = group.members[0]!;
    group.title = titleOf(group);
    group.profile = profileOf(
      { ...candidate, body: [...candidate.context, ...group.members.map((m) => m.candidate.body)].join('\n') },
      document.path,
    );
  }
  return apart(groups);
}

function shapeOf({ candidate, document }: Place): string {
  const marker = candidate.prefix.replace(/\d+/g, '1').replace(/[一二三四五六七八九十]+(?=[、))])/, '一');
  const cells = candidate.cells ? candidate.cells.map((c) => c.column).join('\0') : '';
  return [document.path, candidate.context.join('\0'), candidate.kind, marker, cells].join('\u0001');
}

function titleOf(group: Group): string {
  const { candidate } = group.members[0]!;
  const above = candidate.context.join(' / ');
  const columns = candidate.cells?.map((c) => c.column).join(', ');
  return [above, columns].filter((part) => part).join(': ') || candidate.body.slice(0, 60);
}

/** Titles must differ to be chosen between: the first member tells twins apart. */
function apart(groups: Group[]): Group[] {
  const seen = new Set<string>();
  for (const group of groups) {
    if (seen.has(group.title)) group.title = `${group.title} (${group.members[0]!.candidate.body.slice(0, 40)})`;
    while (seen.has(group.title)) group.title += '.';
    seen.add(group.title);
  }
  return groups;
}
