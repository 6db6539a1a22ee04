import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Has the garbage collector take all it may take. */
const collectGarbage: () => void = runInNewContext('gc')

/** The promise's value, where garbage is collected all the while it is waited for. */
export async function amidGarbage<T>(promise: Promise<T>, most = 10_000): Promise<T> {
  // At least once within any deadline of these tests, and the loop still gets most of the time.
  const collecting = setInterval(collectGarbage, 150)
  let timer: NodeJS.Timeout | undefined
  const never = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing ended it within ${most} ms`)), most)
  })
  try {
    return await Promise.race([promise, never])
  } finally {
    clearInterval(collecting)
    clearTimeout(timer)
  }
}
