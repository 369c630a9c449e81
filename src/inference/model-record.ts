import { CATALOGUE, type CatalogueEntry, type ModelSource } from './catalogue.ts';
import type { DialectId } from './engine/messages.ts';
import type { ImportRow } from './repository.ts';

/** A model the box may load: a catalogue entry, or a file an administrator brought. */
export interface ModelRecord {
  id: string;
  name: string;
  file: string;
  bytes: number;
  sha256: string;
  licence: string | null;
  dialect: DialectId;
  trainedTokens: number;
  contextTokens: number;
  sequences: number;
  kvBytesPerToken: number;
  origin: 'catalogue' | 'import';
  sources: readonly ModelSource[];
}

export function catalogueRecords(catalogue: readonly CatalogueEntry[] = CATALOGUE): ModelRecord[] {
  return catalogue.map((entry) => ({ ...entry, origin: 'catalogue' }));
}

/** Nothing is known of an imported model but its bytes, so it gets cautious figures and its own template. */
export function importedRecord(row: ImportRow): ModelRecord {
  return {
    id: row.id,
    name: row.name,
    file: row.file,
    bytes: row.bytes,
    sha256: row.sha256,
    licence: null,
    dialect: 'auto',
    trainedTokens: 4096,
    contextTokens: 4096,
    sequences: 2,
    kvBytesPerToken: 160_000,
    origin: 'import',
    sources: [],
  };
}

/** The zone a model id names. `box/` may be left out. */
export function zoneOf(model: string | undefined): 'box' | 'site' | 'cloud' {
  return model?.startsWith('site/') ? 'site' : model?.startsWith('cloud/') ? 'cloud' : 'box';
}
