import type { GapReason } from '@launchtail/client/protocol'

/** Why the server ended a stream before the launch was over. */
export type CutReason = 'rotated' | 'stalled' | 'storage_lost' | 'stopping' | 'fault'

/** Called with what is counted of streams. */
export interface StreamObserver {
  /** A reader came with a last event id. */
  resumed(): void
  /** A reader was told of a gap. */
  gap(reason: GapReason): void
  cut(reason: CutReason): void
  /** Entries were written to the readers so many milliseconds after this process had learned of them. */
  written(after: number): void
}

export const NO_OBSERVER: StreamObserver = {
  resumed() {},
  gap() {},
  cut() {},
  written() {},
}
