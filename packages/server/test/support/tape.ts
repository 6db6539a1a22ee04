import { EventEmitter, once } from 'node:events'
import { withDeadline } from '@launchtail/client/async'

export type Tape = ReturnType<typeof createTape>

/** What a program prints, for those who read it while it grows. */
export function createTape() {
  const bell = new EventEmitter().setMaxListeners(0)
  let bytes: Buffer = Buffer.alloc(0)
  let over = false
  let read = 0
  return {
    bytes: () => bytes,
    ended: () => over,
    write(text: string) {
      if (over) return
      bytes = Buffer.concat([bytes, Buffer.from(text)])
      bell.emit('more')
    },
    readUpTo(at: number) {
      read = Math.max(read, at)
      bell.emit('read')
    },
    async caughtUp() {
      while (read < bytes.length && !over) await once(bell, 'read')
    },
    end() {
      over = true
      bell.emit('read')
      bell.emit('more')
    },
    async more(signal: AbortSignal, most: number) {
      if (over) return
      // Rejects when nothing came for so long, or nobody reads any more.
      await withDeadline(most, signal, (within) => once(bell, 'more', { signal: within })).catch(
        () => {},
      )
    },
  }
}
