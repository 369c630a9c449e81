/** Who wants to hear of what happens to a topic. */
export class Listeners<T> {
  readonly #byTopic = new Map<string, Set<(it: T) => void>>();

  /** Calls back for all that comes later; the returned function ends it. */
  add(topic: string, listener: (it: T) => void): () => void {
    let set = this.#byTopic.get(topic);
    if (!set) {
      set = new Set();
      this.#byTopic.set(topic, set);
    }
    set.add(listener);
    return () => {
      set.delete(listener);
      // Another set may stand there by now.
      if (set.size === 0 && this.#byTopic.get(topic) === set) this.#byTopic.delete(topic);
    };
  }

  /** Listeners that come or go meanwhile change nothing for this one. */
  tell(topic: string, it: T): void {
    for (const listener of [...(this.#byTopic.get(topic) ?? [])]) listener(it);
  }
}
