import { slotByClause } from './clauses.ts';
import { yamlValue } from './label.ts';
import { withBody, withCells, withYamlValue } from './rewrite.ts';
import type { Candidate, Cell, Structure } from './structure.ts';
import { terms } from './terms.ts';
import { type Value, valuesOf } from './values.ts';

/**
 * The new line when the instruction brings exactly one new value and the line has exactly one place for it; otherwise
 * `undefined`. In a row the place is the column that the instruction names or whose values it speaks in.
 */
export function slotFill(structure: Structure, candidate: Candidate, instruction: string): string | undefined {
  if (candidate.cells) return fillCell(structure, candidate, candidate.cells, instruction);
  if (structure.format === 'yaml') {
    const { text } = yamlValue(candidate);
    const filled = fillText(text, instruction);
    return filled === undefined ? undefined : withYamlValue(structure, candidate, filled);
  }
  const filled = fillText(candidate.body, instruction);
  return filled === undefined ? undefined : withBody(structure, candidate, filled);
}

function fillText(text: string, instruction: string): string | undefined {
  const given = valuesOf(instruction);
  const old = given.filter((v) => text.includes(v.text));
  const fresh = given.filter((v) => !text.includes(v.text));
  if (fresh.length !== 1 || old.length > 1) return undefined;
  const value = fresh[0]!;
  const slots = valuesOf(text);
  // "from 30 to 60 days": the value that already stands there is the one to go.
  const named = old.length === 1 ? slots.filter((s) => s.text === old[0]!.text && fits(s, value)) : [];
  const open = named.length === 1 ? named : slots.filter((s) => s.key === value.key);
  const slot =
    open.length === 1 ? open[0] : open.length === 0 ? onlyNumber(slots, value) : slotByClause(text, open, instruction);
  return slot && put(text, slot, value, instruction);
}

const isNumber = (v: Value) => v.key.startsWith('number') || v.key === 'money' || v.key === 'percent';

function fits(slot: Value, value: Value): boolean {
  return (
    slot.key === value.key || (isNumber(slot) && isNumber(value) && (slot.key === 'number' || value.key === 'number'))
  );
}

/** A number without a unit may stand for one with a unit, if the line has only one number at all. */
function onlyNumber(slots: readonly Value[], value: Value): Value | undefined {
  const numbers = slots.filter(isNumber);
  return isNumber(value) && numbers.length === 1 && fits(numbers[0]!, value) ? numbers[0] : undefined;
}

function put(text: string, slot: Value, value: Value, instruction: string): string | undefined {
  const core = instruction.slice(value.core.start, value.core.end);
  const han = /\p{Script=Han}/u;
  // "第二" is no ordinal of an English line.
  if (han.test(core) !== han.test(text.slice(slot.core.start, slot.core.end))) return undefined;
  return text.slice(0, slot.core.start) + core + text.slice(slot.core.end);
}

function fillCell(structure: Structure, candidate: Candidate, cells: readonly Cell[], instruction: string) {
  const replaceCell = (at: number, value: string) =>
    withCells(
      structure,
      candidate,
      cells.map((c, i) => (i === at ? value : c.value)),
    );
  const words = new Set(terms(instruction));
  const telling = (text: string) => terms(text).length > 0 && terms(text).every((t) => words.has(t));
  const columns = cells.flatMap((c, i) => (c.column !== '' && telling(c.column) ? [i] : []));
  const spoken = knownValue(structure, candidate, cells, instruction);
  if (columns.length <= 1 && spoken && (columns.length === 0 || columns[0] === spoken.at)) {
    return valuesOf(instruction).some(
      (v) =>
        !cells[spoken.at]!.value.includes(v.text) &&
        !cells.some((c) => c.value.includes(v.text)) &&
        !spoken.value.includes(v.text),
    )
      ? undefined
      : replaceCell(spoken.at, spoken.value);
  }
  const places = columns.length === 1 ? columns : cells.map((_, i) => i);
  const fillings = places.flatMap((i) => {
    const filled =
      cells[i]!.value === '' ? undefined : fillText(cells[i]!.value, withoutOtherCells(instruction, cells, i));
    return filled === undefined || filled === cells[i]!.value ? [] : [{ i, filled }];
  });
  return fillings.length === 1 ? replaceCell(fillings[0]!.i, fillings[0]!.filled) : undefined;
}

/** What names the row ("A4", "9W") must not be taken for the new value. */
function withoutOtherCells(instruction: string, cells: readonly Cell[], at: number): string {
  return cells.reduce(
    (text, cell, i) => (i === at || cell.value.length < 2 ? text : text.replaceAll(cell.value, ' ')),
    instruction,
  );
}

/** A value that other rows have in some column, spoken in the instruction: "is stored in Bremen now". */
function knownValue(structure: Structure, candidate: Candidate, cells: readonly Cell[], instruction: string) {
  const found: { at: number; value: string }[] = [];
  cells.forEach((cell, at) => {
    const others = new Set(
      structure.candidates
        .filter(
          (c) => c.cells?.length === cells.length && c.cells[at]!.column === cell.column && c.line !== candidate.line,
        )
        .map((c) => c.cells![at]!.value),
    );
    for (const value of others) {
      if (
        value !== cell.value &&
        /\p{L}{2}/u.test(value) &&
        instruction.includes(value) &&
        !cells.some((c) => c.value.includes(value))
      ) {
        found.push({ at, value });
      }
    }
  });
  return found.length === 1 ? found[0] : undefined;
}
