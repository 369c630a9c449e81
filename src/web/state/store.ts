/**
 * What this device keeps: its key, the paired box, the witnessed head, the outbox and settings. IndexedDB holds key
 * pairs that cannot be taken out. Without it (private windows) everything lives as long as the page.
 */
export class DeviceStore {
  #db: IDBDatabase | undefined;
  readonly #memory = new Map<string, unknown>();

  get isDurable(): boolean {
    return this.#db !== undefined;
  }

  /** Never rejects: without a database the store is in memory. */
  async open(): Promise<void> {
    this.#db = await new Promise<IDBDatabase | undefined>((resolve) => {
      try {
        const request = indexedDB.open('jingu', 1);
        request.onupgradeneeded = () => request.result.createObjectStore('kept');
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => resolve(undefined);
        request.onblocked = () => resolve(undefined);
      } catch {
        resolve(undefined);
      }
    });
  }

  get<T>(name: string): Promise<T | undefined> {
    if (!this.#db) return Promise.resolve(this.#memory.get(name) as T | undefined);
    return answer(this.#db.transaction('kept').objectStore('kept').get(name)) as Promise<T | undefined>;
  }

  /** Resolves when it is durable. Rejects when the quota is spent. */
  async set(name: string, value: unknown): Promise<void> {
    if (this.#db) await answer(this.#db.transaction('kept', 'readwrite').objectStore('kept').put(value, name));
    else this.#memory.set(name, value);
  }

  async clear(): Promise<void> {
    this.#memory.clear();
    if (this.#db) await answer(this.#db.transaction('kept', 'readwrite').objectStore('kept').clear());
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export const store = new DeviceStore();
