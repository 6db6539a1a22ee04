/** What a worker tells the process that started it. */
export type FromWorker =
  | { readonly kind: 'listening'; readonly url: string }
  /** Why it cannot start, in a sentence. */
  | { readonly kind: 'fault'; readonly sentence: string }
  /** Asks for the metrics of all workers. */
  | { readonly kind: 'ask'; readonly id: number }
  /** Its own metrics, which it was asked for. */
  | { readonly kind: 'own'; readonly id: number; readonly text: string }

/** What a worker is told. */
export type ToWorker =
  | { readonly kind: 'stop' }
  | { readonly kind: 'read'; readonly id: number }
  | { readonly kind: 'all'; readonly id: number; readonly text: string }
