import type { RequestClass } from './messages.ts';

/** Weights of INFERENCE: a person who waits counts eight times a batch. */
export const CLASS_WEIGHT: Readonly<Record<RequestClass, number>> = { interactive: 8, agent: 4, batch: 1 };

export interface Sharer {
  shareKey: string;
  class: RequestClass;
}

/**
 * Deficit round robin (Shreedhar and Varghese, 1995) over share keys. A key earns quantum x weight each round and pays
 * for what it is given, so many requests of one key get no more than one request of another.
 */
export class DeficitRound {
  readonly #quantum: number;
  readonly #deficit = new Map<string, number>();
  #order: string[] = [];

  constructor(quantum: number) {
    this.#quantum = quantum;
  }

  /**
   * Splits `budget` units over `wanting`, in steps of at most `quantum`, serving the items of a key in their order.
   * Returns units per item, by index; the sum is the budget or all that was wanted.
   */
  share(wanting: readonly (Sharer & { want: number })[], budget: number): number[] {
    const given = wanting.map(() => 0);
    const byKey = new Map<string, number[]>();
    wanting.forEach((item, i) => {
      const list = byKey.get(item.shareKey);
      if (list) list.push(i);
      else byKey.set(item.shareKey, [i]);
    });
    this.#keep(byKey);
    let left = budget;
    while (left > 0 && byKey.size > 0) {
      const key = this.#order.find((k) => byKey.has(k))!;
      const items = byKey.get(key)!;
      const earned = this.#quantum * Math.max(...items.map((i) => CLASS_WEIGHT[wanting[i]!.class]));
      let credit = (this.#deficit.get(key) ?? 0) + earned;
      for (const i of items) {
        const units = Math.min(left, credit, wanting[i]!.want - given[i]!);
        given[i] = given[i]! + units;
        left -= units;
        credit -= units;
      }
      const open = items.filter((i) => given[i]! < wanting[i]!.want);
      if (open.length > 0 && credit > 0) {
        // The budget ran out here: this key goes on first next time, with what it had earned and nothing new.
        this.#deficit.set(key, credit - earned);
        break;
      }
      // A key that has all it wants keeps no credit: nobody saves up a burst while idle.
      this.#deficit.set(key, 0);
      this.#order = [...this.#order.filter((k) => k !== key), key];
      if (open.length === 0) byKey.delete(key);
      else byKey.set(key, open);
    }
    return given;
  }

  #keep(byKey: ReadonlyMap<string, unknown>): void {
    for (const key of this.#deficit.keys()) if (!byKey.has(key)) this.#deficit.delete(key);
    this.#order = this.#order.filter((key) => byKey.has(key));
    for (const key of byKey.keys()) if (!this.#order.includes(key)) this.#order.push(key);
  }
}
