import type { Parts } from '../relations.ts';
import type { XmlElement } from '../xml.ts';

/** What styles say about headings. */
export interface Styles {
  /** Heading level from 1, or `undefined` for text. */
  level(properties: XmlElement | undefined): number | undefined;
}

interface Style {
  basedOn: string | undefined;
  level: number | undefined;
}

/** Outline level 9 is body text. */
const BODY = 9;

export function readStyles(parts: Parts, main: number): Styles {
  const styles = new Map<string, Style>();
  const part = parts.related(parts.name(main), 'styles');
  for (const style of part === undefined ? [] : parts.root(part).elements('style')) {
    const id = style.attr('styleId');
    if (id === undefined) continue;
    const named = /^(?:heading ([1-9])|title)$/i.exec(style.first('name')?.attr('val') ?? '');
    const level = outline(style.first('pPr')) ?? (named?.[1] ? Number(named[1]) : undefined);
    styles.set(id, { basedOn: style.first('basedOn')?.attr('val'), level });
  }
  const levelOf = (id: string | undefined): number | undefined => {
    let at = id;
    // A ring of styles that are based on each other must end too.
    for (let steps = 0; at !== undefined && steps < 20; steps++) {
      const style = styles.get(at);
      if (style?.level !== undefined) return style.level;
      at = style?.basedOn;
    }
    return undefined;
  };
  return {
    level(properties) {
      const level = outline(properties) ?? levelOf(properties?.first('pStyle')?.attr('val'));
      return level === undefined || level > BODY ? undefined : level;
    },
  };
}

function outline(properties: XmlElement | undefined): number | undefined {
  const value = properties?.first('outlineLvl')?.attr('val');
  return value === undefined ? undefined : Number(value) + 1;
}
