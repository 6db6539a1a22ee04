import { setImmediate as nextTurn } from 'node:timers/promises'
import { StorageFull } from '../../errors.js'
import { storageError } from '../../sqlite.js'
import type { Appended, AppendHow } from '../store.js'
import type { AppendResult, AppendToList } from './append-to-list.js'
import { SLICE, SLICE_LENGTH, type Writer } from './writer.js'

export interface Job {
  readonly nodeId: string
  readonly texts: readonly string[]
  readonly how: AppendHow
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

export interface AppendQueueOptions {
  writer: Writer
  append: AppendToList
  /** True if the disk has so many bytes left. */
  hasRoomFor: (bytes: number) => Promise<boolean>
  /** Called with each append that was committed, once it has been answered. */
  onStored: (job: Job, index: number, previous: string | undefined) => void
}

/** The appends of one turn share a transaction; long ones are divided into several. */
export function createAppendQueue({ writer, append, hasRoomFor, onStored }: AppendQueueOptions) {
  const queue: Job[] = []
  return {
    push(job: Job): void {
      queue.push(job)
      // The first append of a turn starts the transaction for all of them.
      if (queue.length === 1) void writer.exclusively(flush)
    },
  }

  async function flush(): Promise<void> {
    // Lets every append of this turn join.
    await nextTurn()
    while (queue.length > 0) {
      const jobs = takeSome()
      try {
        await refuseTooLong(jobs)
        settle(jobs, await writer.transaction(() => appendAll(jobs)))
      } catch (error) {
        if (jobs.length === 1) jobs[0]?.reject(storageError(error))
        // Jobs that were too much for the disk together may fit one by one.
        else for (const job of jobs) await appendAlone(job)
      }
      if (queue.length > 0) await nextTurn()
    }
  }

  function takeSome(): Job[] {
    let rows = 0
    let size = 0
    let count = 0
    while (count < queue.length && (count === 0 || (rows < SLICE && size < SLICE_LENGTH))) {
      const { texts = [] } = queue[count] ?? {}
      rows += texts.length
      for (const { length } of texts) size += length
      count += 1
    }
    return queue.splice(0, count)
  }

  /**
   * A long one is written twice: to the write-ahead log, and from there to the file. A disk that has room
   * for the first alone would be full with what cannot be moved, and nothing could be deleted any more.
   */
  async function refuseTooLong(jobs: readonly Job[]): Promise<void> {
    let size = 0
    for (const { texts } of jobs) for (const { length } of texts) size += length
    if (size <= SLICE_LENGTH || (await hasRoomFor(2 * size))) return
    throw new StorageFull(new Error('no room to write it twice'))
  }

  async function appendAll(jobs: readonly Job[]): Promise<AppendResult[]> {
    const results: AppendResult[] = []
    for (const { nodeId, texts, how } of jobs) results.push(await append(nodeId, texts, how))
    return results
  }

  async function appendAlone(job: Job): Promise<void> {
    try {
      await refuseTooLong([job])
      settle([job], await writer.transaction(() => appendAll([job])))
    } catch (error) {
      job.reject(storageError(error))
    }
  }

  function settle(jobs: readonly Job[], results: readonly AppendResult[]): void {
    jobs.forEach((job, i) => {
      const { appended, previous } = results[i] as AppendResult
      job.resolve(appended)
      if (appended.outcome !== 'stored' || job.texts.length === 0) return
      onStored(job, appended.index, previous)
    })
  }
}
