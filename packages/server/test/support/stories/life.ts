import type { KyselyPlugin } from 'kysely'
import type { Database } from '../../../src/database/open.js'
import type { Launch, Launcher } from '../../../src/launch/launcher.js'
import type { LogStore } from '../../../src/logs/store.js'

/** At which of its steps a process dies, and whether that step takes effect. */
export interface Death {
  readonly at: number
  readonly heard: boolean
}

export class ProcessDied extends Error {
  constructor() {
    super('this process is dead')
  }
}

/**
 * The life of a process that runs within this one. Its steps are what it does to anything that outlives
 * it: each call of its store, its records and its launcher. Once it is dead, none takes effect, and it
 * hears no answer to those under way.
 */
export interface Life {
  isDead(): boolean
  /** How many steps it has taken. */
  steps(): number
  database(database: Database): Database
  store(store: LogStore): LogStore
  launcher(launcher: Launcher): Launcher
}

export function createLife(death: Death | undefined): Life {
  let dead = false
  let count = 0
  return {
    isDead: () => dead,
    steps: () => count,
    database: (database) => database.withPlugin(plugin()),
    store: (store) => {
      const { append, read, readBefore, length, offset, remove, ping } = store
      const mortal = { append, read, readBefore, length, offset, remove, ping }
      const entries = Object.entries(mortal).map(([name, call]) => [name, mortally(call as Call)])
      return { ...store, ...Object.fromEntries(entries) }
    },
    launcher: (launcher) => ({
      ...launcher,
      start: mortally(launcher.start as Call) as Launcher['start'],
      cancel: mortally(launcher.cancel as Call) as Launcher['cancel'],
      takeDown: mortally(launcher.takeDown as Call) as Launcher['takeDown'],
      async *attach(launch: Launch, handle: unknown, options) {
        const news = launcher.attach(launch, handle, options)
        try {
          for (;;) {
            const { done, value } = await mortally(() => news.next())()
            if (done) return value
            yield value
          }
        } finally {
          await news.return(undefined)
        }
      },
    }),
  }

  type Call = (...args: unknown[]) => Promise<unknown>

  /** Takes a step; what it returns is called when the step has taken effect. */
  function begin(): () => void {
    if (dead) throw new ProcessDied()
    count += 1
    const isLast = count === death?.at
    if (isLast && !death.heard) die()
    return () => {
      if (isLast) dead = true
      if (dead) throw new ProcessDied()
    }
  }

  function die(): never {
    dead = true
    throw new ProcessDied()
  }

  function mortally<A extends unknown[], R>(act: (...args: A) => Promise<R>) {
    return async (...args: A): Promise<R> => {
      const end = begin()
      const result = await act(...args)
      end()
      return result
    }
  }

  function plugin(): KyselyPlugin {
    const ends = new WeakMap<object, () => void>()
    return {
      transformQuery({ node, queryId }) {
        ends.set(queryId, begin())
        return node
      },
      async transformResult({ result, queryId }) {
        ends.get(queryId)?.()
        return result
      },
    }
  }
}
