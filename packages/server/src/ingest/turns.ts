import { createMutex } from '../async/mutex.js'

/**
 * Carries out one act after the other. The fault of one is the fault of all that follow: their lines
 * would be out of order.
 */
export function createTurns(): (act: () => Promise<void>) => Promise<void> {
  const locked = createMutex()
  let failed: { readonly fault: unknown } | undefined
  return (act) =>
    locked('', async () => {
      if (failed) throw failed.fault
      try {
        await act()
      } catch (fault) {
        failed = { fault }
        throw fault
      }
    })
}
