import { StorageUnavailable } from '../../errors.js'

/** Gives turns, one after the other. */
export interface Queue {
  /** Resolves when it is the caller's turn, with the function that ends it. Fails after the time-out. */
  turn(): Promise<() => void>
}

export function createQueue(timeout: number): Queue {
  const waiting: (() => void)[] = []
  let isTaken = false
  return { turn }

  async function turn(): Promise<() => void> {
    if (isTaken) await comes()
    isTaken = true
    return () => {
      const next = waiting.shift()
      if (next) next()
      else isTaken = false
    }
  }

  function comes(): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer)
        resolve()
      }
      waiting.push(begin)
      const timer = timeout > 0 ? setTimeout(giveUp, timeout) : undefined

      function giveUp(): void {
        waiting.splice(waiting.indexOf(begin), 1)
        reject(new StorageUnavailable(new Error('other transactions take too long')))
      }
    })
  }
}
