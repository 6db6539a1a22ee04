import type { Readers, StreamReader } from '../readers.js'
import type { FleetChanges } from './changes.js'
import type { FleetView } from './view.js'

export interface FleetReader extends StreamReader {
  readonly view: FleetView | undefined
  /** The last change it has been sent. */
  seen: number
  /** True once it has been sent the nodes that were there when it came. */
  ready: boolean
  /** Called when its socket takes more again, or it has gone. */
  onRoom: () => void
}

/** Waits until the reader's socket takes more, or it has gone. */
export function roomOf(reader: FleetReader): Promise<void> {
  return new Promise((resolve) => {
    reader.onRoom = resolve
  })
}

/** Sends what a reader lacks, as far as its socket takes it. */
export function catchUp(
  reader: FleetReader,
  changes: FleetChanges,
  { say }: Readers<FleetReader>,
): void {
  while (!reader.ended && reader.seen < changes.newest() && reader.outlet.hasRoom()) {
    const { text, last } = changes.after(reader.seen, reader.view)
    reader.seen = last
    say(reader, text)
  }
}
