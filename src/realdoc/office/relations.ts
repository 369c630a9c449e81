import { posix } from 'node:path';
import { targetOf } from './check.ts';
import type { Part } from './kind.ts';
import { parseXml, type XmlElement } from './xml.ts';

/** One relationship of a part, its target as a path inside the package. */
export interface Relation {
  id: string;
  /** The last step of the type: `worksheet`, `sharedStrings`. Transitional and strict files differ only before it. */
  type: string;
  target: string;
  isExternal: boolean;
  element: XmlElement;
}

/** The parts of a package by name. Parts are parsed once. */
export class Parts {
  readonly all: readonly Part[];
  readonly #index = new Map<string, number>();
  readonly #roots = new Map<number, XmlElement>();

  constructor(parts: readonly Part[]) {
    this.all = parts;
    for (const [i, part] of parts.entries()) this.#index.set(part.name.toLowerCase(), i);
  }

  /** Index of a part; names of parts do not differ by case alone. */
  find(name: string | undefined): number | undefined {
    return name === undefined ? undefined : this.#index.get(name.toLowerCase());
  }

  bytes(part: number): Buffer {
    return this.all[part]!.bytes;
  }

  name(part: number): string {
    return this.all[part]!.name;
  }

  root(part: number): XmlElement {
    let root = this.#roots.get(part);
    if (!root) {
      root = parseXml(this.bytes(part), { part: this.name(part) });
      this.#roots.set(part, root);
    }
    return root;
  }

  relationsPart(part: string): number | undefined {
    const folder = posix.dirname(part);
    return this.find(posix.join(folder === '.' ? '' : folder, '_rels', `${posix.basename(part)}.rels`));
  }

  /** Relationships of a part; of the package itself with `''`. */
  relations(part: string): Relation[] {
    const index = part === '' ? this.find('_rels/.rels') : this.relationsPart(part);
    if (index === undefined) return [];
    return [...this.root(index).elements('Relationship')].map((element) => {
      const target = element.attr('Target', '') ?? '';
      const isExternal = element.attr('TargetMode', '') === 'External';
      return {
        id: element.attr('Id', '') ?? '',
        type: (element.attr('Type', '') ?? '').split('/').at(-1)!,
        target: isExternal ? target : targetOf(this.name(index), target),
        isExternal,
        element,
      };
    });
  }

  /** Index of the first part that `part` relates to by this type. */
  related(part: string, type: string): number | undefined {
    return this.find(this.relations(part).find((r) => r.type === type && !r.isExternal)?.target);
  }
}

/** The value of `r:id`, whichever prefix the part has bound. */
export function relationId(element: XmlElement, local = 'id'): string | undefined {
  return element.attributes.find((a) => a.local === local && a.uri.endsWith('/relationships'))?.value;
}
