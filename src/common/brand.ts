/** A nominal type over a plain one, so that a task id cannot be passed where a document id is wanted. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };

/** Wall-clock milliseconds since the Unix epoch. */
export type Millis = number;
